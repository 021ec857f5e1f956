import { assertEquals } from "@std/assert";
import { wishOf } from "./questions.ts";

Deno.test("who is asked sees all that is to be written, and nothing that hides it", () => {
  const said = wishOf("Add \x1b[2Kto it", { text: "\u202eone\ntwo", tags: ["a", "b"] });
  assertEquals(said, `Add �[2Kto it\n  text: �one\ntwo\n  tags: ["a","b"]`);
  const long = wishOf("Add", { text: "x".repeat(5_000) });
  assertEquals(long, `Add\n  text: ${"x".repeat(2_000)} … and 3000 characters`);
});
