import { assertEquals } from "@std/assert";
import { isCurrent } from "./places.ts";

const CASES: [link: string, path: string, current: boolean][] = [
  ["/p/notes", "/p/notes", true],
  ["/p/notes", "/p/notes/1", true],
  ["/p/notes/1", "/p/notes/1", true],
  ["/p/notes/1", "/p/notes/12", false],
  ["/p/notes/1", "/p/notes", false],
  ["/p/chat", "/p/notes", false],
  ["/p/chat", "/p/temporary", true],
  ["/p/chat", "/p/temporary/1", true],
  ["/p/chat", "/p/temporaryness", false],
];

for (const [link, path, current] of CASES) {
  Deno.test(`at ${path}, ${link} is ${current ? "" : "not "}current`, () => {
    assertEquals(isCurrent(link, path), current);
  });
}
