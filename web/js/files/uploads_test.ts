import { assertEquals, assertThrows } from "@std/assert";
import { readAnswer } from "./uploads.ts";

Deno.test("an answer holds what is known of the file", () => {
  assertEquals(readAnswer(201, '{"sha256":"ab","bytes":3}'), { sha256: "ab", bytes: 3 });
  assertEquals(readAnswer(204, ""), {});
});

Deno.test("a refusal says why, and what to do", () => {
  const text = '{"error":{"message":"The disk is full.","hint":"Free some space."}}';
  const words = "isn't here. The disk is full. Free some space.";
  assertThrows(() => readAnswer(507, text), Error, words);
});

Deno.test("a refusal without a reason is one all the same", () => {
  assertThrows(() => readAnswer(502, ""), Error, "isn't here.");
});
