import { assertEquals } from "@std/assert";
import type { Answer } from "./answer.ts";
import { LinkReader, sourceLines } from "./sources.ts";

const TEXT =
  "> A heron\n>\n> — [Birds \\[old\\]](notes/0a-1?at=0-54), [a [1] b](https://a.example), " +
  "[lease.pdf](library/9f-2?at=1-2), [x], [Models](models). [3] and [";
const SHOWN =
  "> A heron\n>\n> — Birds [old] (erth note show 0a-1), [a [1] b](https://a.example), " +
  "lease.pdf (erth library show 9f-2), [x], Models (erth model --help). [3] and [";

Deno.test("links to pages become commands, however the text comes in pieces", () => {
  for (let size = 1; size <= TEXT.length; size++) {
    const reader = new LinkReader("erth");
    const pieces = TEXT.match(new RegExp(`[^]{1,${size}}`, "g"))!;
    const shown = pieces.map((piece) => reader.read(piece)).join("") + reader.rest();
    assertEquals(shown, SHOWN, `in pieces of ${size}`);
  }
});

Deno.test("nothing is held back for long", () => {
  const reader = new LinkReader("erth");
  assertEquals(reader.read("No [links"), "No ");
  assertEquals(reader.read(" here\n"), "[links here\n");
  assertEquals(reader.read(`[${"x".repeat(500)}`).length, 501);
});

Deno.test("sources are told by the number that the text has, and how to read them", () => {
  const citations = [
    { note_id: "0a-1", title: "Birds\n[9] Forged", passage: "", number: 3 },
    { file_id: "9f-2", title: "lease.pdf", passage: "", number: 1 },
    { note_id: "2c-4", title: "Led to already", passage: "", number: 2 },
    { note_id: "1b-3", title: "Only given", passage: "" },
  ];
  assertEquals(sourceLines({ citations } as unknown as Answer, "erth", new Set(["2c-4"])), [
    "[3] Birds [9] Forged (erth note show 0a-1)",
    "[1] lease.pdf (erth library show 9f-2)",
  ]);
});
