import { assert, assertEquals } from "@std/assert";
import { cleanName, freeName, titleOf } from "./names.ts";

Deno.test("a name from elsewhere becomes a file's name and nothing more", () => {
  const cases: [string, string][] = [
    ["small.gguf", "small.gguf"],
    ["../../etc/passwd", "passwd"],
    ["C:\\models\\x.gguf", "x.gguf"],
    [".hidden", "hidden"],
    ["..", "file"],
    ["", "file"],
    ["a\u0000b\u202egnp.exe", "abgnp.exe"],
    ['q:"<x>|?*.txt', "qx.txt"],
    ["  two   spaces .md ", "two spaces .md"],
    ["Straße 会议.gguf", "Straße 会议.gguf"],
  ];
  for (const [name, clean] of cases) assertEquals(cleanName(name, "file"), clean, name);
  const long = cleanName(`${"ü".repeat(500)}.gguf`, "file");
  assert(long.endsWith("ü.gguf") && new TextEncoder().encode(long).length <= 200);
});

Deno.test("a name that is taken gets a number before its ending", () => {
  const taken = new Set(["a.gguf", "a-2.gguf", "b"]);
  assertEquals(freeName("a.gguf", (it) => taken.has(it)), "a-3.gguf");
  assertEquals(freeName("b", (it) => taken.has(it)), "b-2");
  assertEquals(freeName("c.gguf", (it) => taken.has(it)), "c.gguf");
});

Deno.test("a model is called as its file, without folder, ending and number of its part", () => {
  const names = ["sub/Small-Q4_K_M.gguf", "Large-00001-of-00003.GGUF", "odd"];
  assertEquals(names.map(titleOf), ["Small-Q4_K_M", "Large", "odd"]);
});
