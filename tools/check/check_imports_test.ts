import { assertEquals } from "@std/assert";
import { dirname, join } from "node:path";
import { readSources } from "./check_imports.ts";
import { brokenRules } from "./rules.ts";

Deno.test("a forbidden import in a checkout is found, a type's as well", async () => {
  const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "rules " }));
  const files: Record<string, string> = {
    "main.ts": `import "./shell/cli/a.ts";`,
    "shell/cli/a.ts":
      `import { b } from "../../db/store/b.ts";\nexport const a = b;\nexport type A = number;`,
    "db/store/b.ts": `import type { A } from "../../shell/cli/a.ts";\nexport const b: A = 1;`,
  };
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(dirname(join(root, path)), { recursive: true });
    await Deno.writeTextFile(join(root, path), text);
  }
  assertEquals(brokenRules(await readSources(root)), [
    "db/store/b.ts: db must not import shell/cli/a.ts",
    "shell/cli/a.ts → db/store/b.ts → shell/cli/a.ts: is a circle of imports",
  ]);
  await Deno.remove(root, { recursive: true });
});
