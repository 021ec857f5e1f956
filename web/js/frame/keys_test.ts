import { assert, assertEquals } from "@std/assert";
import { isTyped, keyName } from "./keys.ts";

const plain = { ctrlKey: false, metaKey: false };

Deno.test("a key is named in small letters", () => {
  assertEquals(keyName({ ...plain, key: "N" }), "n");
  assertEquals(keyName({ ...plain, key: "?" }), "?");
  assertEquals(keyName({ ...plain, key: "Escape" }), "escape");
});

Deno.test("Ctrl and Cmd have one name", () => {
  assertEquals(keyName({ ...plain, ctrlKey: true, key: "k" }), "mod+k");
  assertEquals(keyName({ ...plain, metaKey: true, key: "End" }), "mod+end");
});

Deno.test("letters and arrows are for the text, commands and Esc aren't", () => {
  for (const name of ["n", "/", "arrowup", "home"]) assert(isTyped(name), name);
  for (const name of ["mod+n", "escape"]) assert(!isTyped(name), name);
});
