import { assertEquals, assertThrows } from "@std/assert";
import { elfEnd } from "./compile_base.ts";

Deno.test("an ELF file ends with its section header table", () => {
  const file = new Uint8Array(64);
  const view = new DataView(file.buffer);
  view.setUint32(0, 0x7f454c46);
  view.setBigUint64(40, 91_555_296n, true);
  view.setUint16(58, 64, true);
  view.setUint16(60, 29, true);
  assertEquals(elfEnd(file), 91_557_152);
});

Deno.test("what isn't ELF isn't cut", () => {
  assertThrows(() => elfEnd(new Uint8Array(64)), Error, "Cannot cut a file that isn't ELF");
});
