import { assertEquals } from "@std/assert";
import { LineLog } from "../../log.ts";
import { FakeClock, settle } from "../../tests/fixtures/fake_clock.ts";
import { endInPhases, type Phase } from "./ending.ts";

function setUp() {
  const begun: string[] = [];
  const phase = (name: string, run: () => unknown): Phase => ({
    name,
    limit: 100,
    run: () => {
      begun.push(name);
      return run();
    },
  });
  return { begun, phase, clock: new FakeClock(), log: new LineLog(() => {}) };
}

Deno.test("each phase of an end begins when the one before has ended", async () => {
  const { begun, clock, log, phase } = setUp();
  const first = Promise.withResolvers<void>();
  const ended = endInPhases(
    [phase("first", () => first.promise), phase("second", () => {})],
    clock,
    log,
  );
  await settle();
  assertEquals(begun, ["first"]);
  first.resolve();
  await ended;
  assertEquals([begun, clock.pending], [["first", "second"], 0]);
});

Deno.test("a phase that hangs or fails doesn't keep the next from its turn", async () => {
  const { begun, clock, log, phase } = setUp();
  const phases = [
    phase("hangs", () => new Promise(() => {})),
    phase("throws", () => {
      throw new Error("No");
    }),
    phase("rejects", () => Promise.reject(new Error("No"))),
    phase("last", () => {}),
  ];
  const ended = endInPhases(phases, clock, log);
  await clock.advance(99);
  assertEquals(begun, ["hangs"]);
  await clock.advance(1);
  await ended;
  assertEquals(begun, ["hangs", "throws", "rejects", "last"]);
  const told = log.tail().map((line) => /ending\.\w+ phase=\w+/.exec(line)?.[0]);
  assertEquals(told, [
    "ending.late phase=hangs",
    "ending.failed phase=throws",
    "ending.failed phase=rejects",
  ]);
});
