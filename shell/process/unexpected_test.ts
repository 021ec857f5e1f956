import { assertEquals } from "@std/assert";
import { type Fields } from "../../log.ts";
import { settle } from "../../tests/fixtures/fake_clock.ts";
import { surviveUnexpected } from "./unexpected.ts";

Deno.test("what nobody caught is logged with its stack, and the thread lives on", async () => {
  const seen: [string, string][] = [];
  const error = (event: string, fields?: Fields) => {
    seen.push([event, String(fields?.stack).replace(/\n[^]*(unexpected_test)[^]*/, " at $1")]);
  };
  const forget = surviveUnexpected({ error });
  try {
    void Promise.reject(new Error("Rejected"));
    void Promise.reject("words");
    setTimeout(() => {
      throw new Error("Thrown");
    }, 0);
    while (seen.length < 3) await settle();
  } finally {
    forget();
  }
  assertEquals(seen.toSorted(), [
    ["unexpected.error", "Error: Thrown at unexpected_test"],
    ["unexpected.rejection", "Error: Rejected at unexpected_test"],
    ["unexpected.rejection", "words"],
  ]);
});
