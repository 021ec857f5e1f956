import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { Bench, GATHER, TELL } from "../../tests/fixtures/mirror_bench.ts";
import { ErthError } from "../../errors.ts";

Deno.test("without listening news are asked for often, less often, and once a minute", async () => {
  await using bench = await Bench.open();
  await bench.start();
  assertEquals([bench.rounds, bench.wait], [[true], 60_000]);
  bench.loop.front = true;
  await bench.settle();
  assertEquals([bench.rounds.length, bench.wait], [2, 3_000]);
  bench.loop.lively();
  await bench.pass();
  assertEquals([bench.rounds.length, bench.wait], [3, 500]);
  assertAlmostEquals(await bench.asks(20_000), 40, 1);
  // Nobody has written for half a minute.
  await bench.asks(10_000);
  assertAlmostEquals(await bench.asks(30_000), 10, 1);
  bench.loop.front = false;
  await bench.pass();
  assertAlmostEquals(await bench.asks(600_000), 10, 1);
});

Deno.test("a remote that tells is asked when it tells, and once a minute", async () => {
  await using bench = await Bench.open();
  let tell = () => {};
  const ended = Promise.withResolvers<void>();
  bench.listen = (_, onNews) => (tell = onNews, ended.promise);
  await bench.start();
  await bench.end(500);
  tell();
  await bench.settle();
  bench.loop.front = true;
  bench.loop.lively();
  await bench.settle();
  assertAlmostEquals(await bench.asks(600_000), 10, 1);
  const before = bench.rounds.length;
  tell();
  await bench.settle();
  assertEquals(bench.rounds.slice(before), [true]);
  // A commit is sent at once, without a question: nobody else has written.
  bench.pending = 1;
  bench.loop.committed();
  await bench.settle();
  await bench.end(GATHER);
  assertEquals(bench.rounds.slice(before), [true, false]);
  // Once it breaks off, what was missed is asked for.
  ended.resolve();
  await bench.settle();
  assertEquals([bench.rounds.length - before, bench.rounds.at(-1)], [3, true]);
});

Deno.test("commits are gathered for a moment and go together; nothing to send asks nothing", async () => {
  await using bench = await Bench.open();
  await bench.start();
  bench.pending = 1;
  for (let n = 0; n < 5; n++) bench.loop.committed();
  await bench.settle();
  assertEquals(bench.rounds.length, 1);
  bench.time += GATHER;
  bench.work = () => void (bench.pending = 0);
  await bench.end(GATHER);
  assertEquals(bench.rounds, [true, true]);
  await bench.end(TELL);
  assertEquals([bench.states.at(-1)!.phase, bench.states.at(-1)!.freshness], ["current", GATHER]);
  bench.loop.committed();
  await bench.settle();
  await bench.end(GATHER);
  assertEquals(bench.rounds, [true, true, false]);
});

Deno.test("a failure is tried again later and later, however much is written meanwhile", async () => {
  await using bench = await Bench.open();
  bench.fail("MIRROR_OFFLINE");
  await bench.start();
  const waits: number[] = [];
  for (let n = 0; n < 9; n++) {
    waits.push(bench.wait);
    bench.loop.committed();
    await bench.settle();
    await bench.end(GATHER);
    assertEquals(bench.rounds.length, n + 1);
    await bench.pass();
    await bench.end(GATHER);
  }
  waits.forEach((wait, n) => {
    const most = Math.min(500 * 2 ** n, 60_000);
    assert(wait >= most / 2 && wait <= most, `${waits}`);
  });
  await bench.end(TELL);
  assertEquals([bench.states.at(-1)!.phase, bench.states.at(-1)!.error!.code], [
    "offline",
    "MIRROR_OFFLINE",
  ]);
  bench.work = () => {};
  await bench.pass();
  await bench.end(GATHER);
  await bench.end(TELL);
  assertEquals([bench.states.at(-1)!.phase, bench.states.at(-1)!.error], ["current", undefined]);
  bench.fail("MIRROR_OFFLINE");
  bench.loop.news();
  await bench.settle();
  assert(bench.wait <= 500, "After a success it begins anew");
});

for (
  const code of [
    "MIRROR_AUTH",
    "MIRROR_QUOTA",
    "MIRROR_SCHEMA_NEWER",
    "MIRROR_FOREIGN",
    "MIRROR_REMOTE_SWAPPED",
  ] as const
) {
  Deno.test(`${code} stops it, until somebody asks`, async () => {
    await using bench = await Bench.open();
    bench.fail(code);
    await bench.start();
    assertEquals(bench.wait, 600_000);
    await bench.end(TELL);
    assertEquals([bench.states.at(-1)!.phase, bench.states.at(-1)!.error!.code], ["stopped", code]);
    const error = await assertRejects(() => bench.loop.now(), ErthError);
    assertEquals([error.code, bench.rounds.length], [code, 2]);
    bench.work = () => {};
    await bench.loop.now();
    assertEquals(bench.rounds.length, 3);
  });
}

Deno.test("a busy file is no failure at once", async () => {
  await using bench = await Bench.open();
  await bench.start();
  bench.fail("STORE_BUSY");
  const done = bench.loop.now();
  done.catch(() => {});
  await bench.settle();
  await bench.end(TELL);
  for (let n = 0; n < 18; n++) {
    assertEquals(bench.wait, 100);
    await bench.pass();
  }
  assert(bench.states.every(({ phase }) => phase !== "offline"));
  bench.work = () => {};
  await bench.pass();
  await done;
  bench.fail("STORE_BUSY");
  bench.loop.news();
  await bench.settle();
  for (let n = 0; n < 19; n++) await bench.pass();
  await bench.end(TELL);
  assertEquals(bench.states.at(-1)!.phase, "offline");
  assert(bench.wait <= 500);
});

Deno.test("'now' retries what was set aside, and answers when all is told", async () => {
  await using bench = await Bench.open();
  await bench.start();
  await bench.pass();
  const [before] = [bench.states.length, bench.calls.splice(0)];
  await bench.loop.now();
  assertEquals(bench.calls.filter((call) => call === "retry"), ["retry"]);
  assert(bench.states.length > before);
  // Asked in the middle of a round, it is answered by the next one.
  const gate = Promise.withResolvers<void>();
  bench.work = () => gate.promise;
  const [first] = [bench.loop.now(), await bench.settle()];
  let isDone = false;
  const second = bench.loop.now().then(() => isDone = true);
  gate.resolve();
  await first;
  assertEquals(isDone, false);
  await second;
});

Deno.test("it says how far it is when it has moved, and tidies once an hour", async () => {
  await using bench = await Bench.open();
  await bench.start();
  const calls = () => bench.calls.filter((call) => call !== "retry");
  assertEquals(calls(), ["report", "trim"]);
  bench.head = "2-b";
  bench.loop.news();
  await bench.settle();
  assertEquals(bench.wait, 5_000);
  await bench.pass();
  assertEquals(calls(), ["report", "trim", "report"]);
  for (const end = bench.time + 3_600_000; bench.time <= end;) await bench.pass();
  assertEquals(calls().filter((call) => call === "trim").length, 2);
  assert(calls().filter((call) => call === "report").length <= 7);
});

Deno.test("stopping sends what waits, and doesn't wait for a request that hangs", async () => {
  const bench = await Bench.open();
  await bench.start();
  const stopped = bench.loop.stop();
  await stopped;
  assertEquals(bench.rounds, [true, false]);
  assertEquals(bench.pauses.size, 0);
  await bench[Symbol.asyncDispose]();

  const other = await Bench.open();
  other.work = () => new Promise(() => {});
  await other.start();
  const asked = other.loop.now();
  asked.catch(() => {});
  const end = other.loop.stop();
  await other.settle();
  await other.end(1_500);
  await end;
  assertEquals((await assertRejects(() => asked, ErthError)).code, "MIRROR_OFFLINE");
  assertEquals(other.pauses.size, 0);
});
