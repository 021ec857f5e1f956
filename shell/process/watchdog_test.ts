import { assert, assertEquals, assertMatch } from "@std/assert";
import { LineLog } from "../../log.ts";
import { FakeClock, settle } from "../../tests/fixtures/fake_clock.ts";
import { proof } from "./token.ts";
import { Watchdog } from "./watchdog.ts";

/** What the sidecar does with a probe: a wait in milliseconds, or never. */
type Manner = { after: number | "never"; secret?: string; status?: number; body?: string };

function setUp(manner: Partial<Manner> = {}) {
  const clock = new FakeClock();
  const log = new LineLog(() => {});
  const heard: string[] = [];
  const sidecar: Manner = { after: 0, ...manner };
  const probes: { at: number; url: URL }[] = [];
  const answer = (url: URL) => {
    const { secret = "current", status = 200, body } = sidecar;
    return new Response(body ?? proof(secret, url.searchParams.get("nonce")!), { status });
  };
  const fetch = (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const url = new URL(String(input));
    probes.push({ at: clock.now() - 1_000_000, url });
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    init?.signal?.addEventListener("abort", () => reject(new Error("Given up")));
    if (sidecar.after === 0) resolve(answer(url));
    else if (sidecar.after !== "never") clock.after(sidecar.after, () => resolve(answer(url)));
    return promise;
  };
  const watchdog = new Watchdog({
    port: 4711,
    secrets: () => ["current", "next"],
    onProof: (secret) => heard.push(secret),
    onBusy: () => heard.push("busy"),
    onRecovered: () => heard.push("recovered"),
    onDead: (reason) => heard.push(`dead: ${reason}`),
    clock,
    log,
    fetch,
  });
  const states = () => heard.filter((word) => word !== "current" && word !== "next");
  return { clock, log, heard, states, sidecar, probes, watchdog };
}

const DEAD = "dead: No answer to 3 probes in a row";

Deno.test("a probe every three seconds, each with a fresh nonce and without the token", async () => {
  const { clock, probes, watchdog, heard } = setUp();
  await clock.advance(9_500);
  watchdog.stop();
  assertEquals(probes.map((probe) => probe.at), [3_000, 6_000, 9_000]);
  assertEquals(new Set(probes.map(({ url }) => url.searchParams.get("nonce"))).size, 3);
  assertMatch(probes[0]!.url.href, /^http:\/\/127\.0\.0\.1:4711\/-\/alive\?nonce=[0-9a-f-]{36}$/);
  assertEquals(heard, ["current", "current", "current"]);
});

Deno.test("three misses in a row are dead, and it stops itself", async () => {
  const { clock, states, probes } = setUp({ after: "never" });
  await clock.advance(11_999);
  assertEquals(states(), ["busy"]);
  await clock.advance(1);
  assertEquals(states(), ["busy", DEAD]);
  assertEquals(clock.pending, 0);
  await clock.advance(60_000);
  assertEquals(probes.length, 3);
});

Deno.test("an answer after the deadline means busy, for as long as it takes", async () => {
  const { clock, states, sidecar, watchdog } = setUp({ after: 2_500 });
  await clock.advance(60_000);
  assertEquals(states(), ["busy"]);
  sidecar.after = 100;
  await clock.advance(6_500);
  assertEquals(states(), ["busy", "recovered"]);
  watchdog.stop();
  assertEquals(clock.pending, 0);
});

Deno.test("one answer wipes out two misses", async () => {
  const { clock, states, sidecar, watchdog } = setUp({ after: "never" });
  for (let round = 0; round < 5; round++) {
    sidecar.after = "never";
    await clock.advance(6_000);
    sidecar.after = 0;
    await clock.advance(3_000);
  }
  watchdog.stop();
  assert(!states().includes(DEAD));
});

Deno.test("probes that a suspend held up count as nothing", async () => {
  const { clock, states, sidecar, watchdog } = setUp({ after: "never" });
  await clock.advance(10_000); // Two misses, the third probe is out.
  clock.suspend(3_600_000);
  await clock.advance(1);
  assertEquals(states(), ["busy"]);
  sidecar.after = 0;
  await clock.advance(60_000);
  assertEquals(states(), ["busy", "recovered"]);
  watchdog.stop();
});

Deno.test("a suspend alone makes nobody busy", async () => {
  const { clock, states, sidecar, watchdog } = setUp();
  sidecar.after = 1_500;
  await clock.advance(3_100);
  clock.suspend(60_000);
  await clock.advance(3_000);
  watchdog.stop();
  assertEquals(states(), []);
});

for (
  const [what, manner] of Object.entries({
    "a wrong proof": { secret: "stranger" },
    "a wrong status": { status: 500 },
    "an empty answer": { body: "" },
    "an endless answer": { body: "x".repeat(100_000) },
  })
) {
  Deno.test(`${what} is a miss, and logged`, async () => {
    const { clock, states, log } = setUp(manner);
    await clock.advance(12_000);
    assertEquals(states(), [DEAD]);
    assert(log.tail().some((line) => line.includes("watchdog.failed")));
    assertEquals(clock.pending, 0);
  });
}

Deno.test("the proof of any secret in force counts, and it tells which", async () => {
  const { clock, heard, sidecar, watchdog } = setUp();
  await clock.advance(3_000);
  sidecar.secret = "next";
  await clock.advance(3_000);
  watchdog.stop();
  assertEquals(heard, ["current", "next"]);
});

Deno.test("suspicion probes at once; a stopped sidecar is dead 4.5 s later", async () => {
  const { clock, states, probes, watchdog } = setUp({ after: "never" });
  await clock.advance(1_000);
  const answered = watchdog.suspect();
  assertEquals(watchdog.suspect(), answered);
  await clock.advance(4_499);
  assertEquals(probes.map((probe) => probe.at), [1_000, 2_500, 4_000]);
  assert(!states().includes(DEAD));
  await clock.advance(1);
  assert(states().includes(DEAD));
  assertEquals([await answered, await watchdog.suspect()], [false, false]);
  assertEquals(clock.pending, 0);
});

Deno.test("suspicion shortens the wait for a probe that is out already", async () => {
  const { clock, probes, watchdog } = setUp({ after: "never" });
  await clock.advance(4_000);
  watchdog.suspect();
  await clock.advance(500);
  watchdog.stop();
  assertEquals(probes.map((probe) => probe.at), [3_000, 4_500]);
});

Deno.test("an answer ends the suspicion", async () => {
  const { clock, probes, states, watchdog } = setUp();
  await clock.advance(1_000);
  assertEquals(await watchdog.suspect(), true);
  await clock.advance(7_000);
  watchdog.stop();
  assertEquals(probes.map((probe) => probe.at), [1_000, 4_000, 7_000]);
  assertEquals(states(), []);
});

Deno.test("after stop nothing is sent or heard, and no timer is left", async () => {
  const { clock, heard, probes, watchdog } = setUp({ after: 500 });
  await clock.advance(3_100);
  watchdog.stop();
  watchdog.stop();
  watchdog.suspect();
  await settle();
  assertEquals(probes.length, 1);
  await clock.advance(60_000);
  assertEquals(heard, []);
  assertEquals(clock.pending, 0);
});

Deno.test("real probes pass, over HTTP, and leave nothing open", async () => {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const nonce = new URL(request.url).searchParams.get("nonce")!;
    return new Response(proof("current", nonce));
  });
  const { promise, resolve } = Promise.withResolvers<string>();
  const clock = new FakeClock();
  const unexpected = () => resolve("unexpected");
  const watchdog = new Watchdog({
    port: server.addr.port,
    secrets: () => ["current"],
    onProof: resolve,
    onBusy: unexpected,
    onRecovered: unexpected,
    onDead: unexpected,
    clock,
    log: new LineLog(() => {}),
  });
  await clock.advance(3_000);
  assertEquals(await promise, "current");
  watchdog.stop();
  await server.shutdown();
});
