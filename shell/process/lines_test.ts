import { assertEquals } from "@std/assert";
import { FakeClock } from "../../tests/fixtures/fake_clock.ts";
import { parseObject, Quota, readLines, Tail } from "./lines.ts";

async function linesOf(chunks: (string | Uint8Array)[], limit = 8): Promise<string[]> {
  const encoder = new TextEncoder();
  const stream = ReadableStream.from(
    chunks.map((chunk) => typeof chunk === "string" ? encoder.encode(chunk) : chunk),
  );
  const lines: string[] = [];
  await readLines(stream, limit, (line, cut) => lines.push(cut ? `${line}…` : line));
  return lines;
}

Deno.test("lines are found wherever the chunks break", async () => {
  assertEquals(await linesOf(["a\nb", "c\r\n", "\nd", "e\n"]), ["a", "bc", "", "de"]);
});

Deno.test("a character in two chunks stays whole, bytes that are none become U+FFFD", async () => {
  const [first, second, third] = new TextEncoder().encode("木");
  assertEquals(
    await linesOf([Uint8Array.of(first!), Uint8Array.of(second!, third!, 10, 0xff, 10)]),
    ["木", "�"],
  );
});

Deno.test("a line over the limit is cut, the next one is whole again", async () => {
  assertEquals(await linesOf(["12345678\n123", "456789", "xxx\nab\n"]), [
    "12345678",
    "12345678…",
    "ab",
  ]);
});

Deno.test("a last line without an end counts", async () => {
  assertEquals(await linesOf(["a\nb"]), ["a", "b"]);
});

Deno.test("a broken stream is an end, and an abort ends one that never does", async () => {
  const broken = new ReadableStream<Uint8Array>({ start: (c) => c.error(new Error("Broken")) });
  await readLines(broken, 8, () => {});
  const abort = new AbortController();
  const reading = readLines(new ReadableStream(), 8, () => {}, abort.signal);
  abort.abort();
  await reading;
});

Deno.test("the tail keeps the newest", () => {
  const tail = new Tail(3);
  for (let i = 1; i <= 10; i++) tail.add(`${i}`);
  assertEquals(tail.lines(), ["8", "9", "10"]);
});

Deno.test("a quota is renewed each period", async () => {
  const clock = new FakeClock();
  const quota = new Quota(2, 1_000, clock);
  assertEquals([quota.spend(), quota.spend(), quota.spend()], [true, true, false]);
  await clock.advance(1_000);
  assertEquals(quota.spend(), true);
});

Deno.test("only an object is taken for one", () => {
  assertEquals(parseObject('{"a":1}'), { a: 1 });
  assertEquals(["[1]", "null", "1", "", "{"].map(parseObject), Array(5).fill(undefined));
});
