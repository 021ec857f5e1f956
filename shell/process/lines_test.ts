import { assertEquals, fail } from "@std/assert";
import { FakeClock } from "../../tests/fixtures/fake_clock.ts";
import { parseObject, Quota, readLines, Tail } from "./lines.ts";

const IGNORED = { limit: 8, onLine: () => {}, onFault: () => fail("Nothing was to go wrong") };

async function linesOf(chunks: (string | Uint8Array)[], limit = 8): Promise<string[]> {
  const encoder = new TextEncoder();
  const stream = ReadableStream.from(
    chunks.map((chunk) => typeof chunk === "string" ? encoder.encode(chunk) : chunk),
  );
  const lines: string[] = [];
  const onLine = (line: string, cut: boolean) => lines.push(cut ? `${line}…` : line);
  await readLines(stream, { limit, onLine, onFault: IGNORED.onFault });
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
  await readLines(broken, IGNORED);
  const abort = new AbortController();
  const reading = readLines(new ReadableStream(), { ...IGNORED, signal: abort.signal });
  abort.abort();
  await reading;
});

Deno.test("a listener that throws loses its line, not those that follow", async () => {
  const heard: string[] = [];
  const faults: unknown[] = [];
  const onLine = (line: string) => {
    if (line === "b") throw new Error("Cannot take b");
    heard.push(line);
  };
  const stream = ReadableStream.from([new TextEncoder().encode("a\nb\nc\n")]);
  await readLines(stream, { limit: 8, onLine, onFault: (error) => faults.push(error) });
  assertEquals(heard, ["a", "c"]);
  assertEquals(faults.map(String), ["Error: Cannot take b"]);
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
