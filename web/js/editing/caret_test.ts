import { assertEquals } from "@std/assert";
import { placeIn } from "./caret.ts";

/** Texts with the caret as `|`: before, and after another's words came. */
const CASES: [name: string, before: string, after: string][] = [
  ["words behind it", "one| two", "one| two three"],
  ["words before it", "one |two", "zero one |two"],
  ["words on both sides", "the comet| came back", "At last the comet| came back again"],
  ["an empty text", "|", "|new"],
];

for (const [name, before, after] of CASES) {
  Deno.test(`the caret stays with its words: ${name}`, () => {
    const text = after.replace("|", "");
    assertEquals(placeIn(text, before.replace("|", ""), before.indexOf("|")), after.indexOf("|"));
  });
}

Deno.test("a caret whose words are gone stays within the text", () => {
  assertEquals(placeIn("xyz", "something else entirely", 15), 3);
});
