import { assertEquals } from "@std/assert";
import { amountInWords, bytesInWords, secondsInWords } from "./words.ts";

Deno.test("bytes in words", () => {
  const words = [0, 1, 470_000, 999_999, 4.4e6, 4.4e9].map(bytesInWords);
  assertEquals(words, ["0 kB", "1 kB", "470 kB", "1000 kB", "4.4 MB", "4.40 GB"]);
});

Deno.test("durations in words", () => {
  const seconds = [0, 0.05, 1.24, 3, 59.9, 60, 3_599, 3_600, 3_700, 7_199];
  assertEquals(seconds.map(secondsInWords), [
    "0 s",
    "0.1 s",
    "1.2 s",
    "3 s",
    "59 s",
    "1 min",
    "59 min",
    "1 h 0 min",
    "1 h 1 min",
    "1 h 59 min",
  ]);
});

Deno.test("amounts in words", () => {
  const words = [0, 1, 1200].map((number) => amountInWords(number, "entry", "entries"));
  assertEquals(words, ["0 entries", "1 entry", "1,200 entries"]);
});
