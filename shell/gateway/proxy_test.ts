import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { ErthError } from "../../errors.ts";
import { LineLog } from "../../log.ts";
import { settle } from "../../tests/fixtures/fake_clock.ts";
import { type Death, Hold, type Upstream } from "./hold.ts";
import { Proxy } from "./proxy.ts";

type Answer = (request: Request) => Response | Promise<Response>;

/** A proxy over generations of which each is one handler; "dies" drops the connection. */
function setup(...generations: Answer[]) {
  return setupDying(false, generations);
}

function setupDying(killed: boolean, generations: Answer[], hold = new Hold()) {
  let current = -1;
  const next = () => {
    const generation = ++current;
    if (generation >= generations.length) return;
    const { promise: gone, resolve } = Promise.withResolvers<Death>();
    const upstream: Upstream = {
      generation,
      port: 1,
      token: () => `token${generation}`,
      gone,
      // The watchdog finds the process dead; the supervisor starts the next one.
      suspect: () => {
        hold.gone(upstream);
        resolve({ killed });
        queueMicrotask(next);
        return Promise.resolve(false);
      },
    };
    hold.ready(upstream);
  };
  next();
  let keys = 0;
  const seen: Request[] = [];
  const proxy = new Proxy({
    hold,
    log: new LineLog(() => {}),
    mintKey: () => `key${++keys}`,
    send: async (_, target, init) => {
      const request = new Request(`http://127.0.0.1:1${target}`, init);
      seen.push(request.clone());
      return await generations[current]!(request);
    },
  });
  return { proxy, seen };
}

const dies: Answer = () => {
  throw new TypeError("connection reset");
};

function post(body: string, headers: Record<string, string> = {}): Request {
  return new Request("http://127.0.0.1:4000/p/notes", { method: "POST", body, headers });
}

Deno.test("hop-by-hop headers and secrets of one side don't reach the other", async () => {
  const { proxy, seen } = setup(() =>
    new Response("ok", {
      headers: { connection: "x-private", "x-private": "1", "set-cookie": "a=b", "x-ok": "1" },
    })
  );
  const response = await proxy.forward(
    new Request("http://127.0.0.1:4000/p/notes", {
      headers: { cookie: "c=d", authorization: "Bearer page", te: "trailers", accept: "text/html" },
    }),
    "/notes",
  );
  assertEquals(seen[0]?.headers.get("authorization"), "Bearer token0");
  assertEquals(seen[0]?.headers.get("cookie"), null);
  assertEquals(seen[0]?.headers.get("te"), null);
  assertEquals(seen[0]?.headers.get("accept"), "text/html");
  assertEquals([...response.headers.keys()].sort(), ["content-type", "x-ok"]);
});

Deno.test("a change without a key gets one, and keeps it when it is sent again", async () => {
  const { proxy, seen } = setup(dies, () => new Response("done"));
  const response = await proxy.forward(post("title=x"), "/notes");
  assertEquals(await response.text(), "done");
  assertEquals(seen.map((r) => r.headers.get("idempotency-key")), ["key1", "key1"]);
  assertEquals(await seen[1]?.text(), "title=x");
  assertNotEquals(seen[0]?.headers.get("authorization"), seen[1]?.headers.get("authorization"));
});

Deno.test("a key of the caller's own is kept", async () => {
  const { proxy, seen } = setup(() => new Response("done"));
  await proxy.forward(post("x", { "idempotency-key": "mine" }), "/notes");
  assertEquals(seen[0]?.headers.get("idempotency-key"), "mine");
});

Deno.test("a sidecar that dies half-way through its answer counts as no answer", async () => {
  const half: Answer = () =>
    new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode("ha"));
          controller.error(new TypeError("connection reset"));
        },
      }),
    );
  const { proxy } = setup(half, () => new Response("whole"));
  assertEquals(await (await proxy.forward(post("x"), "/notes")).text(), "whole");
});

Deno.test("a request that kills two sidecars ends with an error", async () => {
  const { proxy } = setup(dies, dies, () => new Response("never"));
  const error = await assertRejects(() => proxy.forward(post("x"), "/notes?q=secret"), ErthError);
  assertEquals(error.code, "SIDECAR_CRASHED");
  assertEquals(error.detail.includes("secret"), false);
});

Deno.test("a sidecar killed from elsewhere isn't held against its request, up to a limit", async () => {
  const patient = setupDying(true, [...Array(7).fill(dies), () => new Response("done")]);
  assertEquals(await (await patient.proxy.forward(post("x"), "/notes")).text(), "done");
  const hopeless = setupDying(true, [...Array(8).fill(dies), () => new Response("never")]);
  const error = await assertRejects(() => hopeless.proxy.forward(post("x"), "/notes"), ErthError);
  assertEquals([error.code, hopeless.seen.length], ["SIDECAR_CRASHED", 8]);
});

Deno.test("a body over 8 MB is not sent twice", async () => {
  const { proxy, seen } = setup(dies, () => new Response("never"));
  const large = post("x".repeat(9 * 1024 * 1024));
  const error = await assertRejects(() => proxy.forward(large, "/notes"), ErthError);
  assertEquals(error.code, "SIDECAR_CRASHED");
  assertEquals(seen.length, 1);
});

Deno.test("a body over 64 MB is refused unread", async () => {
  const { proxy, seen } = setup(() => new Response("never"));
  const huge = post("x", { "content-length": String(65 * 1024 * 1024) });
  const error = await assertRejects(() => proxy.forward(huge, "/notes"), ErthError);
  assertEquals(error.code, "BODY_TOO_LARGE");
  assertEquals(seen.length, 0);
});

Deno.test("an event stream whose sidecar dies ends in order, so that its reader resumes", async () => {
  const { proxy } = setup(() => {
    let sent = false;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        if (sent) controller.error(new TypeError("The connection was reset"));
        else controller.enqueue(new TextEncoder().encode("data: 1\n\n"));
        sent = true;
      },
    }, { highWaterMark: 0 });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  });
  const request = new Request("http://127.0.0.1:4000/p/chat");
  const response = await proxy.forward(request, "/chat/1/answers/2/stream");
  assertEquals(await response.text(), "data: 1\n\n");
});

Deno.test("an event stream goes through before it ends", async () => {
  let send = (_: string) => {};
  const { proxy } = setup(() =>
    new Response(
      new ReadableStream<Uint8Array>({
        start: (controller) => {
          send = (text) => controller.enqueue(new TextEncoder().encode(text));
        },
      }),
      { headers: { "content-type": "text/event-stream" } },
    )
  );
  const request = new Request("http://127.0.0.1:4000/p/chat");
  const response = await proxy.forward(request, "/chat/1/answers/2/stream");
  const reader = response.body!.getReader();
  send("data: 1\n\n");
  assertEquals(new TextDecoder().decode((await reader.read()).value), "data: 1\n\n");
  await reader.cancel();
});

Deno.test("six requests of a sidecar that doesn't come back fail together, not in a row", async () => {
  const { proxy } = setupDying(false, [dies], new Hold(200));
  const begun = performance.now();
  const codes = await Promise.all(Array.from({ length: 6 }, async () => {
    const error = await assertRejects(() => proxy.forward(post("x"), "/notes"), ErthError);
    return error.code;
  }));
  assertEquals(new Set(codes), new Set(["SIDECAR_UNAVAILABLE"]));
  const took = performance.now() - begun;
  assert(took >= 190 && took < 390, `It took ${took} ms`);
});

Deno.test("an aborted request leaves at once, wherever it waits", async () => {
  const { proxy } = setupDying(false, [dies], new Hold(10_000));
  const callers = Array.from({ length: 3 }, () => new AbortController());
  const waiting = callers.map(async ({ signal }) => {
    const request = new Request(post("x"), { signal });
    return (await assertRejects(() => proxy.forward(request, "/notes"), ErthError)).code;
  });
  await settle();
  const begun = performance.now();
  // The last ones wait for their turn behind the first, which waits for a sidecar.
  for (const caller of callers.toReversed()) caller.abort();
  assertEquals(await Promise.all(waiting), [
    "SIDECAR_UNAVAILABLE",
    "SIDECAR_UNAVAILABLE",
    "SIDECAR_UNAVAILABLE",
  ]);
  assert(performance.now() - begun < 1_000);
});
