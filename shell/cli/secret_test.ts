import { assertEquals, assertRejects } from "@std/assert";
import { ErthError } from "../../errors.ts";
import { askSecret } from "./secret.ts";

/** A person who types; what the terminal showed and whether it was raw, in order. */
function terminal(...typed: string[]) {
  const seen: unknown[] = [];
  const readable = ReadableStream.from(typed.map((text) => new TextEncoder().encode(text)));
  const ask = () =>
    askSecret("Token: ", { readable, setRaw: (raw) => seen.push(raw) }, (text) => seen.push(text));
  return { ask, seen };
}

Deno.test("what is typed is read to the line's end, and shows nowhere", async () => {
  const { ask, seen } = terminal("s3", "cx\x7fret", "\r");
  assertEquals(await ask(), "s3cret");
  assertEquals(seen, [true, "Token: ", false, "\n"]);
});

Deno.test("a line can be erased, an empty one is an answer", async () => {
  assertEquals(await terminal("wrong\x15right\n").ask(), "right");
  assertEquals(await terminal("\r").ask(), "");
});

Deno.test("giving up leaves the terminal as it was", async () => {
  for (const typed of ["s3c\x03", "\x04", ""]) {
    const { ask, seen } = terminal(typed);
    const error = await assertRejects(ask, ErthError);
    assertEquals([error.code, error.detail.includes("s3c")], ["USAGE", false]);
    assertEquals(seen.at(-2), false);
  }
});
