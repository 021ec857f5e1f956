import { assert, assertEquals } from "@std/assert";
import { eventsFor } from "./news.ts";

Deno.test("a change is told by its topic, and by what changed", () => {
  const news = { kind: "changed", at: "3", topic: "answer", id: "7" } as const;
  assertEquals(eventsFor(news), ["erth:answer", "erth:answer-7"]);
});

Deno.test("a change of a whole topic names nothing further", () => {
  assertEquals(eventsFor({ kind: "changed", at: "3", topic: "notes" }), ["erth:notes"]);
});

Deno.test("a greeting tells of no change", () => {
  assertEquals(eventsFor({ kind: "hello", at: "3" }), []);
});

Deno.test("after a reset each topic may have changed", () => {
  const events = eventsFor({ kind: "reset", at: "3" });
  for (const event of ["erth:reset", "erth:notes", "erth:threads", "erth:status"]) {
    assert(events.includes(event), event);
  }
});
