import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { ROOT } from "../steps/steps.ts";
import { readTarget, stepName, takeApp } from "./target.ts";

Deno.test("--app names a folder, and the rest stays", () => {
  assertEquals(takeApp(["serve", "--json"]), { folder: ROOT, rest: ["serve", "--json"] });
  assertEquals(takeApp(["--app", "examples/guestbook", "--portable"]), {
    folder: join(ROOT, "examples", "guestbook"),
    rest: ["--portable"],
  });
  assertEquals(takeApp(["--app", "/a b/c"]).folder, "/a b/c");
  assertThrows(() => takeApp(["--app"]), Error, "names no folder");
});

Deno.test("apps have nothing in common that a build writes", async () => {
  const targets = [await readTarget(ROOT), await readTarget(join(ROOT, "examples/guestbook"))];
  const written = targets.flatMap((target) => [
    ...[target.work, target.program, target.licenses],
    stepName(target, "sidecar"),
  ]);
  assertEquals(new Set(written).size, written.length);
});

Deno.test("a folder without app.json is refused", async () => {
  await assertRejects(() => readTarget(join(ROOT, "docs")), Error, "has no app.json");
});
