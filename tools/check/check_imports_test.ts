import { assertEquals } from "@std/assert";
import { dirname, join } from "node:path";
import { readSources } from "./check_imports.ts";
import { brokenRules } from "./rules.ts";

Deno.test("a forbidden import in a checkout is found, a type's as well", async () => {
  const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "rules " }));
  const files: Record<string, string> = {
    "main.ts": `import "./shell/a.ts";`,
    "shell/a.ts": `import { b } from "../db/b.ts";\nexport const a = b;\nexport type A = number;`,
    "db/b.ts": `import type { A } from "../shell/a.ts";\nexport const b: A = 1;`,
  };
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(dirname(join(root, path)), { recursive: true });
    await Deno.writeTextFile(join(root, path), text);
  }
  assertEquals(brokenRules(await readSources(root)), ["db/b.ts: db must not import shell/a.ts"]);
  await Deno.remove(root, { recursive: true });
});
