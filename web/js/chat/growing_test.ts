import { assertEquals } from "@std/assert";
import { pauseBefore, wordsAfter } from "./growing.ts";

Deno.test("what shows as it comes are the characters that aren't rendered yet", () => {
  const growth = { from: 2, characters: [..."c😀e"] };
  assertEquals(wordsAfter(2, growth), "c😀e");
  assertEquals(wordsAfter(4, growth), "e");
  assertEquals(wordsAfter(5, growth), "");
});

Deno.test("a rendering that is older than the stream shows all of it", () => {
  assertEquals(wordsAfter(0, { from: 2, characters: [..."cde"] }), "cde");
});

Deno.test("renderings come every half second, or rarely if each takes its time", () => {
  assertEquals(pauseBefore(1000, { asked: 900, took: 5 }), 400);
  assertEquals(pauseBefore(1000, { asked: 900, took: 200 }), 1900);
});

Deno.test("one rendering that was slow doesn't hold the next one back for long", () => {
  assertEquals(pauseBefore(1000, { asked: 900, took: 2000 }), 2900);
});

Deno.test("what is overdue, or looks different now, is rendered at once", () => {
  assertEquals(pauseBefore(5000, { asked: 900, took: 5 }), 0);
  assertEquals(pauseBefore(5000, { asked: 0, took: 5 }), 0);
});
