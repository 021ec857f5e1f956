import { assert, assertEquals, assertThrows } from "@std/assert";
import { Breaker, DEFAULT_POLICY, type Verdict } from "./breaker.ts";

const never = () => 0;

function delays(verdicts: Verdict[]): (number | string)[] {
  return verdicts.map((verdict) => {
    if (verdict.next === "end") return "end";
    return verdict.next === "restart" ? verdict.delay : `open ${verdict.trialIn}`;
  });
}

Deno.test("a generation that had answered restarts at once", () => {
  const breaker = new Breaker(never);
  const verdicts = [0, 1, 2, 3, 4, 5, 6].map((i) => {
    breaker.answered();
    return breaker.died(i * 1000, { answered: true });
  });
  assertEquals(delays(verdicts), [0, 0, 0, 0, 0, 0, 0]);
});

Deno.test("five deaths before the first answer open the breaker, with growing pauses before", () => {
  const breaker = new Breaker(never, { halfLife: Infinity });
  const verdicts = [0, 1, 2, 3, 4].map((i) => breaker.died(i * 1000, {}));
  assertEquals(delays(verdicts), [250, 500, 1000, 2000, "open 30000"]);
  assert(breaker.open);
});

Deno.test("starts killed from elsewhere open it only after very many", () => {
  const breaker = new Breaker(never);
  const verdicts = Array.from({ length: 51 }, (_, i) => breaker.died(i * 300, { killed: true }));
  assertEquals(verdicts.findIndex(({ next }) => next === "open") >= 49, true);
  assert(breaker.open);
});

Deno.test("the pauses decay with time", () => {
  const breaker = new Breaker(never);
  breaker.died(0, {});
  assertEquals(breaker.died(30_000, {}), { next: "restart", delay: 354 });
});

Deno.test("slow starters open it too: what counts is the time from one failure to the next", () => {
  const breaker = new Breaker(never);
  const verdicts = [0, 1, 2, 3, 4].map((i) => breaker.died(i * 35_000, {}));
  assertEquals(verdicts.map((v) => v.next).at(-1), "open");
});

Deno.test("failures more than a minute apart never open it", () => {
  const breaker = new Breaker(never);
  for (let i = 0; i < 50; i++) {
    assertEquals(breaker.died(i * 60_001, {}).next, "restart");
  }
});

Deno.test("an answer breaks the row", () => {
  const breaker = new Breaker(never);
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 4; i++) {
      assertEquals(breaker.died(round * 100 + i, {}).next, "restart");
    }
    breaker.answered();
  }
});

Deno.test("jitter takes away half at most", () => {
  assertEquals(new Breaker(() => 0.999999).died(0, {}), { next: "restart", delay: 125 });
  assertEquals(new Breaker(() => 0).died(0, {}), { next: "restart", delay: 250 });
});

Deno.test("each failed trial doubles the time to the next one, up to ten minutes", () => {
  const breaker = new Breaker(never);
  const verdicts = Array.from({ length: 11 }, (_, i) => breaker.died(i, {})).slice(4);
  assertEquals(delays(verdicts), [
    "open 30000",
    "open 60000",
    "open 120000",
    "open 240000",
    "open 480000",
    "open 600000",
    "open 600000",
  ]);
});

Deno.test("a retry closes it and counts anew, an answer forgets the trials too", () => {
  const breaker = new Breaker(never);
  const fail = () => breaker.died(0, {});
  for (let i = 0; i < 5; i++) fail();
  breaker.reset();
  assert(!breaker.open);
  for (let i = 0; i < 4; i++) assertEquals(fail().next, "restart");
  assertEquals(fail(), { next: "open", trialIn: 60_000 });
  breaker.answered();
  for (let i = 0; i < 4; i++) fail();
  assertEquals(fail(), { next: "open", trialIn: 30_000 });
});

Deno.test("a hopeless cause opens it at once, even after an answer", () => {
  assertEquals(new Breaker(never).died(0, { hopeless: true }).next, "open");
  const breaker = new Breaker(never);
  breaker.answered();
  assertEquals(breaker.died(0, { answered: true, hopeless: true }).next, "open");
});

Deno.test("fifty kills in a row, two a second, are replaced without any delay", () => {
  const breaker = new Breaker(never);
  for (let i = 0; i < 50; i++) {
    breaker.answered();
    assertEquals(breaker.died(i * 500, { answered: true }), { next: "restart", delay: 0 });
  }
});

Deno.test("a crash loop after the answer is slowed down a little and never opens", () => {
  const breaker = new Breaker(never);
  const verdicts = Array.from({ length: 100 }, (_, i) => {
    breaker.answered();
    return breaker.died(i * 100, { answered: true });
  });
  assertEquals(delays(verdicts.slice(0, 20)), Array(20).fill(0));
  assertEquals(delays(verdicts.slice(20)), Array(80).fill(DEFAULT_POLICY.loopDelay));
});

Deno.test("a policy that makes no sense is refused with the value seen", () => {
  assertThrows(() => new Breaker(never, { jitter: 3 }), RangeError, "it is 3");
  assertThrows(() => new Breaker(never, { failures: 0 }), RangeError, "it is 0");
});
