import { assertEquals } from "@std/assert";
import { brokenFloors } from "./floors.ts";
import type { Source } from "./source.ts";

function file(path: string, imports: string[] = [], text = ""): Source {
  return { path, text, imports };
}

function module(path: string, line = ""): Source {
  return { path: `sidecar/erth_sidecar/${path}`, text: `${line}\n`, imports: [] };
}

const NOTES = module("notes/notes.py");

const CASES: [string, Source[], number][] = [
  ["down is fine", [file("shell/cli/a.ts", ["shell/gateway/b.ts"])], 0],
  ["within a room too", [file("shell/cli/a.ts", ["shell/cli/b.ts"])], 0],
  ["up is not", [file("shell/gateway/a.ts", ["shell/cli/b.ts"])], 1],
  ["nor to a neighbour on the same floor", [file("shell/mirror/a.ts", ["shell/models/b.ts"])], 1],
  ["up within a room's own rooms", [file("shell/models/gguf/a.ts", ["shell/models/mount.ts"])], 1],
  ["up within the page's script", [file("web/js/frame/a.ts", ["web/js/chat/b.ts"])], 1],
  ["a module beside its rooms without a floor", [file("web/js/a.ts")], 1],
  ["up within db", [file("db/remote/a.ts", ["db/mirror/b.ts"])], 1],
  ["a test sees everything", [file("shell/gateway/a_test.ts", ["shell/cli/b.ts"])], 0],
  ["a room without a floor", [file("shell/attic/a.ts")], 1],
  ["a file beside the rooms without a floor", [file("shell/a.ts")], 1],
  ["Python: down", [module("chat/a.py", "from erth_sidecar.notes import notes"), NOTES], 0],
  ["Python: up", [module("text/a.py", "from erth_sidecar.notes import notes"), NOTES], 1],
  ["Python: up, a name", [module("text/a.py", "from erth_sidecar.notes.notes import X"), NOTES], 1],
  ["Python: up, late", [module("text/a.py", "  from erth_sidecar.notes import notes"), NOTES], 1],
  ["a circle", [
    file("db/mirror/a.ts", ["db/mirror/b.ts"]),
    file("db/mirror/b.ts", ["db/mirror/a.ts"]),
  ], 1],
  ["a drawer of a folder", [file("tests/helpers/a.ts")], 1],
  ["a drawer of a module", [module("notes/utils.py")], 1],
];

for (const [name, sources, count] of CASES) {
  Deno.test(`floors: ${name}`, () => assertEquals(brokenFloors(sources).length, count));
}
