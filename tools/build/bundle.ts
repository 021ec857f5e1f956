import { basename, dirname, join, relative } from "node:path";
import { run } from "../steps/command.ts";
import { removeFolder } from "../steps/folders.ts";
import { filesUnder, ROOT } from "../steps/steps.ts";

let last: Promise<unknown> = Promise.resolve();

const WORKER = /new Worker\(\s*new URL\(\s*"([^"]+)\.ts",\s*import\.meta\.url\s*\)/g;

/** What CommonJS packages ask Node's own modules by; the bundler leaves a minified file without. */
const REQUIRE = `import{createRequire}from"node:module";
const require=createRequire(import.meta.url);
`;
const WANTS_REQUIRE = "Dynamic require of";

/**
 * Bundles `main.ts` and each worker that is started anywhere in `folders`: a JavaScript file of each,
 * one of each module that is imported when it is used, and what they share, all side by side in
 * `target`. Nothing of npm has to travel with the program then (23 MB, most of it other platforms'
 * libraries and types), and a start reads only what it needs.
 *
 * A URL relative to a module resolves as in the sources if that module lies two folders deep, as
 * `target` does in what is compiled.
 */
export async function bundle(folders: string[], target: string): Promise<void> {
  const entries = [join(ROOT, "main.ts"), ...await findWorkers(folders)];
  const stubs = await layStubs(entries);
  await Deno.mkdir(target, { recursive: true });
  // What is shared is split off, never copied: of two `ErthError` classes, each is foreign to the
  // other's `instanceof`.
  const form = ["--platform", "deno", "--code-splitting", "--minify"];
  await denoBundle([...form, "--outdir", target, ...stubs]);
  for (const output of await filesUnder(target)) {
    const code = await Deno.readTextFile(output);
    const bound = code.replaceAll(
      WORKER,
      (call, path) => call.replace(`${path}.ts`, `./${basename(path)}.js`),
    );
    await Deno.writeTextFile(output, code.includes(WANTS_REQUIRE) ? REQUIRE + bound : bound);
  }
}

/** The bundler lays its files as the entries lie; from stubs in one folder they lie side by side. */
async function layStubs(entries: string[]): Promise<string[]> {
  const folder = join(ROOT, "build", "entries");
  await removeFolder(folder);
  await Deno.mkdir(folder, { recursive: true });
  const stubs = entries.map((entry) => join(folder, basename(entry)));
  if (new Set(stubs).size < stubs.length) {
    throw new Error(`Cannot bundle as two of these have the same name: ${entries.join(", ")}`);
  }
  for (const [at, entry] of entries.entries()) {
    const path = relative(folder, entry).replaceAll("\\", "/");
    await Deno.writeTextFile(stubs[at]!, `import "${path}";\n`);
  }
  return stubs;
}

/**
 * Makes one classic script of the page's modules: read at once where it stands, as a module isn't,
 * and leaving no name of its own behind.
 */
export async function bundlePage(entry: string, output: string): Promise<void> {
  const form = ["--platform", "browser", "--format", "iife", "--minify"];
  await denoBundle([...form, "-o", output, entry]);
}

/** One after the other: the first call fetches the bundler, and two get in each other's way. */
async function denoBundle(options: string[]): Promise<void> {
  const bundled = last.then(() => run([Deno.execPath(), "bundle", "--quiet", ...options]));
  last = bundled.catch(() => {});
  await bundled;
}

async function findWorkers(folders: string[]): Promise<string[]> {
  const workers = new Set<string>();
  for (const folder of folders) {
    for (const file of await filesUnder(join(ROOT, folder))) {
      if (!file.endsWith(".ts") || file.endsWith("_test.ts")) continue;
      for (const [, path] of (await Deno.readTextFile(file)).matchAll(WORKER)) {
        workers.add(join(dirname(file), `${path}.ts`));
      }
    }
  }
  return [...workers].sort();
}
