import { assertEquals } from "@std/assert";
import { wordOf } from "./messages.ts";

const said = (line: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(wordOf(line)).filter(([, word]) => word !== undefined));

Deno.test("a commit is heard, its id cut", () => {
  const line = { event: "changed", topic: "notes", id: "x".repeat(500) };
  assertEquals(said(line), { changed: { topic: "notes", id: "x".repeat(128) } });
  assertEquals(said({ event: "changed", topic: "no topic" }), {});
});

Deno.test("a wish for a model is heard, and its end with how fast it was", () => {
  const ref = "local/a.gguf";
  assertEquals(said({ event: "model", wanted: ref }), { wish: { ref, wanted: true } });
  assertEquals(said({ event: "model", released: ref, speed: 7.5 }), {
    wish: { ref, wanted: false, speed: 7.5 },
  });
  assertEquals(said({ event: "model", released: ref, speed: "fast" }), {
    wish: { ref, wanted: false },
  });
  assertEquals(said({ event: "model", wanted: 3 }), {});
  assertEquals(said({ event: "model", wanted: "x".repeat(1000) }), {});
});

Deno.test("last words are heard, with a code that the catalogue has", () => {
  const { fatal } = wordOf({ event: "fatal", code: "STORE_FULL", message: "No room" });
  assertEquals(fatal, { code: "STORE_FULL", message: "No room" });
  assertEquals(wordOf({ event: "fatal", code: "NO_CODE" }).fatal, {
    code: undefined,
    message: "NO_CODE",
  });
  assertEquals(said({ event: "other" }), {});
});
