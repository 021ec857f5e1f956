import { assert, assertEquals, assertRejects } from "@std/assert";
import { ErthError } from "../../errors.ts";
import { Hold, type Upstream } from "./hold.ts";

function upstream(generation: number): Upstream {
  return {
    generation,
    port: 1,
    token: () => "t",
    gone: new Promise(() => {}),
    suspect: () => Promise.resolve(true),
  };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => promise, ErthError)).code;
}

Deno.test("a request gets the ready sidecar at once", async () => {
  const hold = new Hold();
  const first = upstream(1);
  hold.ready(first);
  assertEquals(await hold.visit().acquire(), first);
});

Deno.test("requests wait for the next generation, all of them", async () => {
  const hold = new Hold();
  const first = upstream(1);
  hold.ready(first);
  hold.gone(first);
  const waiting = [hold.visit().acquire(), hold.visit().acquire(), hold.visit().acquire()];
  assertEquals(hold.waiting, 3);
  const second = upstream(2);
  hold.ready(second);
  assertEquals(await Promise.all(waiting), [second, second, second]);
  assertEquals(hold.waiting, 0);
});

Deno.test("the end of an old generation doesn't take the new one away", async () => {
  const hold = new Hold();
  const [first, second] = [upstream(1), upstream(2)];
  hold.ready(first);
  hold.ready(second);
  hold.gone(first);
  assertEquals(await hold.visit().acquire(), second);
});

Deno.test("patience ends with SIDECAR_UNAVAILABLE", async () => {
  const hold = new Hold(5);
  assertEquals(await codeOf(hold.visit().acquire()), "SIDECAR_UNAVAILABLE");
  assertEquals(hold.waiting, 0);
});

Deno.test("an open breaker fails what waits and what comes, until it closes", async () => {
  const hold = new Hold();
  const waiting = hold.visit().acquire();
  hold.broken(new ErthError("SIDECAR_BROKEN"));
  assertEquals(await codeOf(waiting), "SIDECAR_BROKEN");
  assertEquals(await codeOf(hold.visit().acquire()), "SIDECAR_BROKEN");
  hold.broken(undefined);
  const later = hold.visit().acquire();
  const next = upstream(3);
  hold.ready(next);
  assertEquals(await later, next);
});

Deno.test("a caller that goes away waits no longer", async () => {
  const hold = new Hold();
  const caller = new AbortController();
  const waiting = hold.visit(caller.signal).acquire();
  caller.abort();
  assertEquals(await codeOf(waiting), "SIDECAR_UNAVAILABLE");
  assertEquals(hold.waiting, 0);
});

Deno.test("one that has gone before it waits doesn't", async () => {
  const hold = new Hold();
  assertEquals(await codeOf(hold.visit(AbortSignal.abort()).acquire()), "SIDECAR_UNAVAILABLE");
  assertEquals(hold.waiting, 0);
});

Deno.test("patience is for all waits of a request together, not for what lies between", async () => {
  const hold = new Hold(60);
  const visit = hold.visit();
  const begun = performance.now();
  const never = Promise.withResolvers<void>().promise;
  assertEquals(await codeOf(visit.wait(never)), "SIDECAR_UNAVAILABLE");
  assertEquals(await codeOf(visit.acquire()), "SIDECAR_UNAVAILABLE");
  assert(performance.now() - begun < 110, "Each wait had a patience of its own");
  const ready = upstream(1);
  hold.ready(ready);
  assertEquals(await visit.acquire(), ready);
});

Deno.test("progress of the first unpacking starts the patience anew", async () => {
  const hold = new Hold(100);
  const waiting = hold.visit().acquire();
  const progress = setInterval(() => hold.progress(), 20);
  try {
    const late = new Promise((resolve) => setTimeout(resolve, 250, "still waits"));
    assertEquals(await Promise.race([waiting, late]), "still waits");
  } finally {
    clearInterval(progress);
  }
  const ready = upstream(1);
  hold.ready(ready);
  assertEquals(await waiting, ready);
});
