/**
 * Makes `dist/erth` and beside it `dist/licenses.txt`, or with `--app FOLDER` another app on the
 * same shell; what hasn't changed isn't made anew.
 *
 * @module
 */
import { join } from "node:path";
import { copyFiles, embedOf, isFrozen, layPages, packSidecar } from "./app_parts.ts";
import { run } from "../steps/command.ts";
import { compileBase } from "../fetch/compile_base.ts";
import { copyFolder, removeFolder } from "../steps/folders.ts";
import { writeLicenses } from "./licenses.ts";
import { npmPackages } from "../fetch/packages.ts";
import { loadBase } from "./payload_base.ts";
import { PYTHON, venv } from "../fetch/python.ts";
import {
  bundleScripts,
  collectSite,
  EMBED,
  packLlama,
  packNatives,
  SCRIPTS,
} from "./shell_parts.ts";
import { bytesOf, printSizes } from "./sizes.ts";
import { ROOT, step } from "../steps/steps.ts";
import { readTarget, stepName, takeApp, type Target } from "./target.ts";

/** What the program may do; what it doesn't need is refused by the runtime, whoever asks. */
const PERMISSIONS = [
  "--no-prompt",
  // Data, cache and download folders are wherever the user has them.
  "--allow-read",
  "--allow-write",
  "--allow-env",
  // The window's libraries, the sidecar, the user's browser.
  "--allow-ffi",
  "--allow-run",
  "--allow-sys",
  // The mirror, the relay to a model endpoint and a download go where the person tells them. Nothing
  // else has an address to go to: the page is held to its own origin, the sidecar to 127.0.0.1.
  "--allow-net",
  "--deny-import",
];

/** What `deno run main.ts` needs of a build: everything but the frozen sidecar and the program. */
export async function prepare(): Promise<void> {
  const target = await readTarget(ROOT);
  const environment = await venv();
  const packages = await npmPackages();
  await together([
    packNatives(packages),
    collectSite(packages),
    copyFiles(target, [environment, packages]),
  ]);
}

/**
 * Builds all that changed; a second build of this checkout waits for the first.
 *
 * @param folder An app's; Erth's own by default.
 */
export async function build(folder = ROOT): Promise<Target> {
  const start = performance.now();
  const target = await readTarget(folder);
  await Deno.mkdir(join(ROOT, "build"), { recursive: true });
  using lock = await Deno.open(join(ROOT, "build", "lock"), { create: true, write: true });
  await lock.lock(true);
  const environment = venv();
  const packages = await npmPackages();
  const [sidecar, native, llama, site, files, scripts, base] = await together([
    packSidecar(target, environment),
    packNatives(packages),
    runsModels(target) ? environment.then(packLlama) : undefined,
    collectSite(packages).then((site) => layPages(target, site)),
    environment.then((environment) => copyFiles(target, [environment, packages])),
    bundleScripts(packages),
    environment.then(() => compileBase(PYTHON)),
  ]);
  await compile(target, base, { sidecar, native, llama, site, files, scripts, base });
  await writeLicensesFile(target, [sidecar, packages]);
  const slow = performance.now() - start > 5000;
  if (target.own && (slow || Deno.args.includes("--sizes"))) await sizes(target, base);
  return target;
}

/** Like `Promise.all`, but lets the others finish before it throws: no program is left behind. */
async function together<T extends readonly unknown[]>(work: readonly [...T]) {
  await Promise.allSettled(work);
  return await Promise.all(work);
}

async function compile(target: Target, base: string, parts: unknown): Promise<void> {
  const { app, program, work } = target;
  await step({
    name: stepName(target, "program"),
    inputs: ["tools/build/build.ts", "tools/fetch/compile_base.ts", "tools/build/payload_base.ts"],
    also: parts,
    outputs: [program],
    run: async () => {
      const stage = await stageFiles(target);
      const workers = [...Deno.readDirSync(SCRIPTS)].map(({ name }) => `app/code/${name}`)
        .filter((path) => path !== "app/code/main.js");
      const compile = [Deno.execPath(), "compile", "--quiet", "--no-config", "--no-check"];
      // A young generation that may grow to 16 MB does so under load and never shrinks again: 50 MB
      // more for nothing that shows in a request's time.
      const small = "--v8-flags=--max-semi-space-size=1";
      const narrow = [small, "--no-code-cache", "--no-npm", "--no-remote", ...PERMISSIONS];
      const include = ["build/embed", ...workers].flatMap((path) => ["--include", path]);
      await Deno.mkdir(join(ROOT, "dist"), { recursive: true });
      const part = join(work, app.name);
      await run([...compile, ...narrow, ...include, "--output", part, "app/code/main.js"], {
        cwd: stage,
        env: {
          DENORT_BIN: await loadBase(base, join(stage, "build", "embed"), join(work, "base")),
        },
      });
      await Deno.rename(Deno.build.os === "windows" ? `${part}.exe` : part, program);
    },
  });
}

/** A folder with just what goes into the program: the code, and what it reads. */
async function stageFiles(target: Target): Promise<string> {
  const stage = join(target.work, "stage");
  const [code, embed] = [join(stage, "app", "code"), join(stage, "build", "embed")];
  await removeFolder(embed);
  if (!target.own) {
    await removeFolder(code);
    await copyFolder(SCRIPTS, code);
    await Deno.mkdir(join(embed, "payloads"), { recursive: true });
    for (const name of ["store", "window", ...runsModels(target) ? ["llama"] : []]) {
      for (const file of [`${name}.json`, `${name}.bin`]) {
        await Deno.copyFile(join(EMBED, "payloads", file), join(embed, "payloads", file));
      }
    }
  }
  await copyFolder(embedOf(target), embed);
  return stage;
}

/** Whether llama.cpp is inside. */
function runsModels({ app }: Target): boolean {
  return app.commands?.includes("model") ?? false;
}

async function writeLicensesFile(target: Target, also: unknown): Promise<void> {
  await step({
    name: stepName(target, "licenses"),
    inputs: ["deno.lock", "sidecar/requirements.txt", "tools/build/licenses.ts"],
    also,
    outputs: [target.licenses],
    run: async () => {
      const python = await isFrozen(target);
      await writeLicenses(target, { python, beside: runsModels(target) ? ["xllamacpp"] : [] });
    },
  });
}

async function sizes(target: Target, base: string): Promise<void> {
  const embedded = (path: string) => bytesOf(embedOf(target), path);
  await printSizes(target.program, [
    ["Deno (compile base)", await bytesOf(base)],
    ["scripts", await bytesOf(SCRIPTS)],
    ["site", await embedded("site")],
    ["sidecar, packed", await embedded("payloads/sidecar.bin")],
    ["database engine, packed", await embedded("payloads/store.bin")],
    ["llama.cpp, packed", await embedded("payloads/llama.bin")],
    ["portable window, packed", await embedded("payloads/window.bin")],
  ]);
}

if (import.meta.main) {
  try {
    const { program } = await build(takeApp(Deno.args).folder);
    console.error(`  ${program} is up to date`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(1);
  }
}
