/**
 * Checks the rules of docs/architecture.md on who may import and use what. Prints what breaks them.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { run } from "../steps/command.ts";
import { brokenRules } from "./rules.ts";
import type { Source } from "./source.ts";
import { filesUnder, ROOT } from "../steps/steps.ts";

/** Where files of our own stand. */
const FOLDERS = [
  "shell",
  "db",
  "tools",
  "tests",
  "bench",
  "sidecar",
  "web",
  "docs",
  "examples",
  ".ci",
];

interface Graph {
  modules: {
    specifier: string;
    dependencies?: { code?: { specifier?: string }; type?: { specifier?: string } }[];
  }[];
}

/** Every file of a checkout with its text and the files it imports, all relative to `root`. */
export async function readSources(root: string): Promise<Source[]> {
  const files = await Promise.all(FOLDERS.map((folder) => filesUnder(join(root, folder))));
  for await (const entry of Deno.readDir(root)) {
    if (entry.isFile && !entry.name.startsWith(".")) files.push([join(root, entry.name)]);
  }
  const paths = files.flat().filter((path) => !/\.(png|ico|webp|gguf)$/.test(path));
  const imports = await readImports(root, paths.filter((path) => path.endsWith(".ts")));
  return await Promise.all(paths.map(async (path) => ({
    path: path.slice(root.length + 1),
    text: await Deno.readTextFile(path),
    imports: imports.get(path) ?? [],
  })));
}

/** One call for all: a module that imports every file, given to `deno info`. */
async function readImports(root: string, paths: string[]): Promise<Map<string, string[]>> {
  const all = join(root, "build", "imports.ts");
  await Deno.mkdir(dirname(all), { recursive: true });
  const lines = paths.map((path) => `import "${pathToFileURL(path)}";`);
  await Deno.writeTextFile(all, lines.join("\n"));
  const { modules }: Graph = JSON.parse(
    await run([Deno.execPath(), "info", "--json", all], { cwd: root }),
  );
  return new Map(
    modules.filter(({ specifier }) => specifier.startsWith("file:")).map((module) => {
      const targets = (module.dependencies ?? []).flatMap(({ code, type }) =>
        [code?.specifier, type?.specifier].filter((target) => target !== undefined)
      );
      const names = [...new Set(targets)].map((target) =>
        target.startsWith("file:") ? fileURLToPath(target).slice(root.length + 1) : target
      );
      return [fileURLToPath(module.specifier), names];
    }),
  );
}

if (import.meta.main) {
  const broken = brokenRules(await readSources(ROOT));
  broken.forEach((line) => console.error(line));
  Deno.exit(broken.length > 0 ? 1 : 0);
}
