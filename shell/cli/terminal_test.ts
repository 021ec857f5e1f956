import { assertEquals } from "@std/assert";
import { harmless, wishOf } from "./terminal.ts";

Deno.test("what is printed can't act on the terminal", () => {
  assertEquals(harmless("a\x1b]52;c;eA==\x07b\x9b2Jc\r\n\td"), "a�]52;c;eA==�b�2Jc\n\td");
  assertEquals(harmless("Grüß dich 你好 🎈"), "Grüß dich 你好 🎈");
});

Deno.test("who is asked sees all that is to be written, and nothing that hides it", () => {
  const said = wishOf("Add \x1b[2Kto it", { text: "\u202eone\ntwo", tags: ["a", "b"] });
  assertEquals(said, `Add �[2Kto it\n  text: �one\ntwo\n  tags: ["a","b"]`);
  const long = wishOf("Add", { text: "x".repeat(5_000) });
  assertEquals(long, `Add\n  text: ${"x".repeat(2_000)} … and 3000 characters`);
});
