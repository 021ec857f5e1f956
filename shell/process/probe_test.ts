import { assert, assertEquals } from "@std/assert";
import { LineLog } from "../../log.ts";
import { FakeClock, settle } from "../../tests/fixtures/fake_clock.ts";
import { Probe } from "./probe.ts";

/** What the service does with a question: answers after milliseconds, never, or wrongly. */
type Manner = { after: number | "never"; wrong?: boolean; answer?: string };

function setUp(manner: Partial<Manner> = {}) {
  const clock = new FakeClock();
  const log = new LineLog(() => {});
  const heard: string[] = [];
  const service: Manner = { after: 0, ...manner };
  const asked: number[] = [];
  const ask = async (signal: AbortSignal): Promise<string> => {
    asked.push(clock.monotonic() - 1_000_000);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => reject(new Error("Given up")));
    if (service.after === 0) resolve();
    else if (service.after !== "never") clock.after(service.after, resolve);
    await promise;
    if (service.wrong) throw new Error("Wrong answer");
    return service.answer ?? "current";
  };
  const probe = new Probe({
    name: "service",
    ask,
    onAnswer: (answer) => heard.push(answer),
    onBusy: () => heard.push("busy"),
    onRecovered: () => heard.push("recovered"),
    onDead: (reason) => heard.push(`dead: ${reason}`),
    clock,
    log,
  });
  const states = () => heard.filter((word) => word !== "current" && word !== "next");
  return { clock, log, heard, states, service, asked, probe };
}

const DEAD = "dead: No answer to 3 probes in a row";

Deno.test("a question every three seconds", async () => {
  const { clock, asked, probe, heard } = setUp();
  await clock.advance(9_500);
  probe.stop();
  assertEquals(asked, [3_000, 6_000, 9_000]);
  assertEquals(heard, ["current", "current", "current"]);
});

Deno.test("three misses in a row are dead, and it stops itself", async () => {
  const { clock, states, asked } = setUp({ after: "never" });
  await clock.advance(11_999);
  assertEquals(states(), ["busy"]);
  await clock.advance(1);
  assertEquals(states(), ["busy", DEAD]);
  assertEquals(clock.pending, 0);
  await clock.advance(60_000);
  assertEquals(asked.length, 3);
});

Deno.test("an answer after the deadline means busy, for as long as it takes", async () => {
  const { clock, states, service, probe } = setUp({ after: 2_500 });
  await clock.advance(60_000);
  assertEquals(states(), ["busy"]);
  service.after = 100;
  await clock.advance(6_500);
  assertEquals(states(), ["busy", "recovered"]);
  probe.stop();
  assertEquals(clock.pending, 0);
});

Deno.test("one answer wipes out two misses", async () => {
  const { clock, states, service, probe } = setUp({ after: "never" });
  for (let round = 0; round < 5; round++) {
    service.after = "never";
    await clock.advance(6_000);
    service.after = 0;
    await clock.advance(3_000);
  }
  probe.stop();
  assert(!states().includes(DEAD));
});

Deno.test("probes that a suspend held up count as nothing", async () => {
  const { clock, states, service, probe } = setUp({ after: "never" });
  await clock.advance(10_000); // Two misses, the third probe is out.
  clock.suspend(3_600_000);
  await clock.advance(1);
  assertEquals(states(), ["busy"]);
  service.after = 0;
  await clock.advance(60_000);
  assertEquals(states(), ["busy", "recovered"]);
  probe.stop();
});

Deno.test("a suspend alone makes nobody busy", async () => {
  const { clock, states, service, probe } = setUp();
  service.after = 1_500;
  await clock.advance(3_100);
  clock.suspend(60_000);
  await clock.advance(3_000);
  probe.stop();
  assertEquals(states(), []);
});

Deno.test("a wrong answer is a miss, and logged", async () => {
  const { clock, states, log } = setUp({ wrong: true });
  await clock.advance(12_000);
  assertEquals(states(), [DEAD]);
  assert(log.tail().some((line) => line.includes("probe.failed")));
  assertEquals(clock.pending, 0);
});

Deno.test("it tells what was answered", async () => {
  const { clock, heard, service, probe } = setUp();
  await clock.advance(3_000);
  service.answer = "next";
  await clock.advance(3_000);
  probe.stop();
  assertEquals(heard, ["current", "next"]);
});

Deno.test("suspicion probes at once; a stopped sidecar is dead 4.5 s later", async () => {
  const { clock, states, asked, probe } = setUp({ after: "never" });
  await clock.advance(1_000);
  const answered = probe.suspect();
  assertEquals(probe.suspect(), answered);
  await clock.advance(4_499);
  assertEquals(asked, [1_000, 2_500, 4_000]);
  assert(!states().includes(DEAD));
  await clock.advance(1);
  assert(states().includes(DEAD));
  assertEquals([await answered, await probe.suspect()], [false, false]);
  assertEquals(clock.pending, 0);
});

Deno.test("suspicion shortens the wait for a probe that is out already", async () => {
  const { clock, asked, probe } = setUp({ after: "never" });
  await clock.advance(4_000);
  probe.suspect();
  await clock.advance(500);
  probe.stop();
  assertEquals(asked, [3_000, 4_500]);
});

Deno.test("an answer ends the suspicion", async () => {
  const { clock, asked, states, probe } = setUp();
  await clock.advance(1_000);
  assertEquals(await probe.suspect(), true);
  await clock.advance(7_000);
  probe.stop();
  assertEquals(asked, [1_000, 4_000, 7_000]);
  assertEquals(states(), []);
});

Deno.test("after stop nothing is sent or heard, and no timer is left", async () => {
  const { clock, heard, asked, probe } = setUp({ after: 500 });
  await clock.advance(3_100);
  probe.stop();
  probe.stop();
  probe.suspect();
  await settle();
  assertEquals(asked.length, 1);
  await clock.advance(60_000);
  assertEquals(heard, []);
  assertEquals(clock.pending, 0);
});

Deno.test("a wall clock that is set back holds no suspicion up", async () => {
  const { clock, states, asked, probe } = setUp({ after: "never" });
  await clock.advance(4_000);
  clock.setBack(3_600_000);
  const answered = probe.suspect();
  await clock.advance(3_500);
  assertEquals(asked, [3_000, 4_500, 6_000]);
  assert(states().includes(DEAD));
  assertEquals(await answered, false);
});
