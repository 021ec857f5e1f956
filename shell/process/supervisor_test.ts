import { assert, assertEquals } from "@std/assert";
import { LineLog } from "../../log.ts";
import { FakeClock, settle } from "../../tests/fixtures/fake_clock.ts";
import type { Policy } from "./breaker.ts";
import {
  type Exit,
  type Reporter,
  type Service,
  Supervisor,
  type SupervisorEvent,
} from "./supervisor.ts";

/** A service whose life is in the test's hands. */
class Puppet implements Service {
  readonly name = "puppet";
  runs: { reporter: Reporter; exit: (exit: Exit) => void; fail: (error: Error) => void }[] = [];
  deaf = false;

  serve(signal: AbortSignal, reporter: Reporter): Promise<Exit> {
    const { promise, resolve, reject } = Promise.withResolvers<Exit>();
    this.runs.push({ reporter, exit: resolve, fail: reject });
    if (!this.deaf) signal.addEventListener("abort", () => resolve({ reason: "Stopped" }));
    return promise;
  }

  get current() {
    return this.runs.at(-1)!;
  }

  ready() {
    this.current.reporter.report({ type: "ready" });
  }

  async die(exit: Partial<Exit> = {}) {
    this.current.exit({ reason: "Killed by SIGKILL", ...exit });
    await settle();
  }
}

function setUp(policy: Partial<Policy> = {}) {
  const puppet = new Puppet();
  const clock = new FakeClock();
  const events: SupervisorEvent[] = [];
  const log = new LineLog(() => {});
  const supervisor = new Supervisor({
    service: puppet,
    clock,
    random: () => 0,
    log,
    onEvent: (event) => events.push(event),
    policy: { halfLife: Infinity, ...policy },
  });
  supervisor.start();
  return { puppet, clock, events, log, supervisor, types: () => events.map((e) => e.type) };
}

/** The newest event, which must be of this type. */
function newest<T extends SupervisorEvent["type"]>(events: SupervisorEvent[], type: T) {
  const event = events.at(-1);
  assertEquals(event?.type, type);
  return event as Extract<SupervisorEvent, { type: T }>;
}

async function failUntilOpen(puppet: Puppet, clock: FakeClock) {
  for (let i = 0; i < 5; i++) {
    await clock.advance(2_000);
    await puppet.die({ tail: ["no such module"] });
  }
}

Deno.test("a generation that had answered is replaced at once, under a new number", async () => {
  const { puppet, clock, types, events } = setUp();
  puppet.ready();
  await clock.advance(700);
  await puppet.die();
  assertEquals(puppet.runs.length, 2);
  assertEquals(types(), ["starting", "ready", "dead", "starting"]);
  const [, , dead, again] = events;
  assertEquals(
    { ...dead, time: 0, code: undefined },
    {
      type: "dead",
      time: 0,
      name: "puppet",
      generation: 1,
      reason: "Killed by SIGKILL",
      code: undefined,
      answered: true,
      lived: 700,
    },
  );
  assertEquals(again?.generation, 2);
  assertEquals(clock.pending, 0);
});

Deno.test("one that died before its first answer waits, longer each time", async () => {
  const { puppet, clock, events } = setUp();
  await puppet.die();
  assertEquals(puppet.runs.length, 1);
  await clock.advance(249);
  assertEquals(puppet.runs.length, 1);
  await clock.advance(1);
  assertEquals(puppet.runs.length, 2);
  await puppet.die();
  await clock.advance(500);
  assertEquals(puppet.runs.length, 3);
  assertEquals(events.filter((e) => e.type === "backoff").map((e) => e.delay), [250, 500]);
});

Deno.test("the fifth opens the breaker with cause and last words; a trial follows", async () => {
  const { puppet, clock, events, types } = setUp();
  await failUntilOpen(puppet, clock);
  const open = newest(events, "breaker-open");
  assertEquals(open.cause, "Killed by SIGKILL");
  assertEquals(open.tail, ["no such module"]);
  await clock.advance(29_999);
  assertEquals(puppet.runs.length, 5);
  await clock.advance(1);
  assertEquals(puppet.runs.length, 6);
  puppet.ready();
  assertEquals(types().slice(-4), ["trial", "starting", "ready", "breaker-closed"]);
});

Deno.test("a trial that fails opens it again at once, for twice as long", async () => {
  const { puppet, clock, events } = setUp();
  await failUntilOpen(puppet, clock);
  await clock.advance(30_000);
  await puppet.die();
  const open = newest(events, "breaker-open");
  assertEquals(open.trialIn, 60_000);
});

Deno.test("retry closes the breaker and starts at once", async () => {
  const { puppet, clock, supervisor, types } = setUp();
  await failUntilOpen(puppet, clock);
  supervisor.retry();
  supervisor.retry();
  await settle();
  assertEquals(puppet.runs.length, 6);
  assertEquals(types().slice(-2), ["breaker-closed", "starting"]);
  assertEquals(clock.pending, 0);
  supervisor.retry();
  await settle();
  assertEquals(puppet.runs.length, 6);
});

Deno.test("retry cuts a backoff short", async () => {
  const { puppet, supervisor } = setUp();
  await puppet.die();
  supervisor.retry();
  await settle();
  assertEquals(puppet.runs.length, 2);
});

Deno.test("a hopeless cause opens the breaker at the first death", async () => {
  const { puppet, events } = setUp();
  await puppet.die({ hopeless: true, code: "SCHEMA_UNKNOWN", reason: "user_version is 99" });
  const open = newest(events, "breaker-open");
  assertEquals(open.code, "SCHEMA_UNKNOWN");
});

Deno.test("a service that throws is a death like any other", async () => {
  const { puppet, clock, events } = setUp();
  puppet.current.fail(new Error("Boom"));
  await clock.advance(250);
  assertEquals(puppet.runs.length, 2);
  const dead = events.find((e) => e.type === "dead");
  assertEquals(dead?.reason, "Boom");
});

Deno.test("fifty kills in a row are fifty immediate restarts", async () => {
  const { puppet, clock, types } = setUp();
  for (let i = 0; i < 50; i++) {
    await clock.advance(500);
    puppet.ready();
    await puppet.die();
  }
  assertEquals(puppet.runs.length, 51);
  assert(!types().includes("backoff"));
  assert(!types().includes("breaker-open"));
});

Deno.test("busy, recovered and rotated are passed on, a second ready isn't", async () => {
  const { puppet, types, log } = setUp();
  const { report } = puppet.current.reporter;
  for (const type of ["ready", "busy", "recovered", "ready"] as const) report({ type });
  report({ type: "rotated", id: "0192" });
  await puppet.die();
  report({ type: "busy" });
  assertEquals(types(), [
    "starting",
    "ready",
    "busy",
    "recovered",
    "rotated",
    "dead",
    "starting",
  ]);
  assertEquals(log.tail().length, 7);
});

Deno.test("stop ends the service once, however often it is called, and starts no other", async () => {
  const { puppet, supervisor, types, clock } = setUp();
  puppet.ready();
  await Promise.all([supervisor.stop(), supervisor.stop()]);
  await supervisor.stop();
  supervisor.start();
  supervisor.retry();
  assertEquals(puppet.runs.length, 1);
  assertEquals(types(), ["starting", "ready", "stopping", "stopped"]);
  assertEquals(clock.pending, 0);
});

Deno.test("stop cuts a pause short, and works before the start", async () => {
  const { puppet, supervisor, clock } = setUp();
  await puppet.die();
  await supervisor.stop();
  assertEquals(clock.pending, 0);
  assertEquals(puppet.runs.length, 1);
  const service = new Puppet();
  const idle = new Supervisor({ service, clock, random: () => 0, log: new LineLog(() => {}) });
  await idle.stop();
  idle.start();
  assertEquals(service.runs.length, 0);
});

Deno.test("stop doesn't wait for a deaf service beyond its deadline", async () => {
  const { puppet, supervisor, clock, events } = setUp();
  puppet.ready();
  await puppet.die();
  puppet.deaf = true;
  puppet.ready();
  await puppet.die();
  const stopped = supervisor.stop(1_000);
  await clock.advance(1_000);
  await stopped;
  assertEquals(newest(events, "stopped").clean, false);
});

for (const answered of [true, false]) {
  const when = answered ? "that had answered" : "before its first answer";
  Deno.test(`where the policy knows no restart, a death ${when} is the end`, async () => {
    const { puppet, supervisor, clock, types } = setUp({ restarts: false });
    const over = supervisor.run();
    if (answered) puppet.ready();
    await puppet.die({ reason: "Crashed" });
    assertEquals((await over)?.reason, "Crashed");
    await clock.advance(3_600_000);
    supervisor.retry();
    assertEquals([puppet.runs.length, types().at(-1)], [1, "dead"]);
    await supervisor.stop();
  });
}

Deno.test("who runs it to its end hears of a stop too", async () => {
  const { supervisor } = setUp();
  const over = supervisor.run();
  await supervisor.stop();
  assertEquals((await over)?.reason, "Stopped");
});

Deno.test("a listener that throws harms nobody", async () => {
  const puppet = new Puppet();
  const clock = new FakeClock();
  const log = new LineLog(() => {});
  const onEvent = () => {
    throw new Error("Listener");
  };
  new Supervisor({ service: puppet, clock, random: () => 0, log, onEvent }).start();
  puppet.ready();
  await puppet.die();
  assertEquals(puppet.runs.length, 2);
  assert(log.tail().some((line) => line.includes("supervisor.listener")));
});
