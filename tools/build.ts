/**
 * Makes `dist/erth` and beside it `dist/licenses.txt`; what hasn't changed isn't made anew.
 *
 * @module
 */
import { join } from "node:path";
import { bundle } from "./bundle.ts";
import { buildInfo } from "./build_info.ts";
import { run } from "./command.ts";
import { compileBase } from "./compile_base.ts";
import { writeLicenses } from "./licenses.ts";
import { storeMembers, windowMembers } from "./natives.ts";
import { membersOf, pack } from "./pack.ts";
import { npmPackages } from "./packages.ts";
import { PYTHON, venv } from "./python.ts";
import { bytesOf, printSizes } from "./sizes.ts";
import { ROOT, step } from "./steps.ts";

const BUILD = join(ROOT, "build");
const EMBED = join(BUILD, "embed");
const STAGE = join(BUILD, "stage");
/** The one file. */
export const PROGRAM = join(ROOT, "dist", Deno.build.os === "windows" ? "erth.exe" : "erth");

/** TypeScript that goes into the program. */
const FOLDERS = ["shell", "db"];
const SHELL = ["main.ts", "errors.ts", "errors.json", "log.ts", ...FOLDERS];

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
  "--allow-net=127.0.0.1",
];

/** What `deno run main.ts` needs of a build: everything but the frozen sidecar and the program. */
export async function prepare(): Promise<void> {
  await Deno.mkdir(EMBED, { recursive: true });
  const environment = await venv();
  const packages = await npmPackages();
  await together([packNatives(packages), collectSite(packages), copyFiles()]);
  await writeBuildInfo([environment, packages]);
}

/** Builds all that changed; a second build of this checkout waits for the first. */
export async function build(): Promise<void> {
  const start = performance.now();
  await Deno.mkdir(BUILD, { recursive: true });
  using lock = await Deno.open(join(BUILD, "lock"), { create: true, write: true });
  await lock.lock(true);
  await Deno.mkdir(EMBED, { recursive: true });
  const environment = venv();
  const packages = await npmPackages();
  const [sidecar, native, site, files, scripts, base] = await together([
    environment.then(freeze),
    packNatives(packages),
    collectSite(packages),
    copyFiles(),
    bundleScripts(packages),
    environment.then(() => compileBase(PYTHON)),
  ]);
  const info = await writeBuildInfo([await environment, packages]);
  const parts = { sidecar, native, site, files, scripts, base, info };
  await compile(base, parts);
  await writeLicensesFile([sidecar, packages]);
  if (performance.now() - start > 5000 || Deno.args.includes("--sizes")) await sizes(base);
}

/** Like `Promise.all`, but lets the others finish before it throws: no program is left behind. */
async function together<T extends readonly unknown[]>(work: readonly [...T]) {
  await Promise.allSettled(work);
  return await Promise.all(work);
}

async function freeze(environment: string): Promise<string> {
  const frozen = await step({
    name: "sidecar",
    inputs: ["sidecar"],
    also: environment,
    outputs: ["build/sidecar/erth-sidecar"],
    run: async () => {
      const args = ["--noconfirm", "--log-level", "WARN", "--distpath", "build/sidecar"];
      // Fixed, so that the same sources give the same bytes, and packed blocks are found again.
      const env = { PYTHONHASHSEED: "1", SOURCE_DATE_EPOCH: "1700000000" };
      const spec = "sidecar/erth-sidecar.spec";
      await run([PYTHON, "-m", "PyInstaller", ...args, "--workpath", "build/freeze", spec], {
        env,
      });
    },
  });
  return await packStep("sidecar", frozen, () => membersOf(join(BUILD, "sidecar", "erth-sidecar")));
}

async function packNatives(packages: string): Promise<unknown> {
  const window = () => Promise.resolve(windowMembers());
  return [
    await packStep("store", packages, () => storeMembers(join(BUILD, "native"))),
    await packStep("window", packages, window),
  ];
}

async function packStep(name: string, also: unknown, members: () => ReturnType<typeof membersOf>) {
  return await step({
    name: `packing of ${name}`,
    inputs: ["tools/pack.ts", "tools/natives.ts"],
    also,
    outputs: [`build/embed/payloads/${name}.json`, `build/embed/payloads/${name}.bin`],
    run: async () => {
      await pack(name, await members(), join(EMBED, "payloads"), join(BUILD, "packed"));
    },
  });
}

async function collectSite(packages: string): Promise<string> {
  return await step({
    name: "site",
    inputs: ["web", "tools/assets.ts"],
    also: packages,
    outputs: ["build/embed/site"],
    run: async () => {
      await Deno.remove(join(EMBED, "site"), { recursive: true }).catch(ignoreMissing);
      // Only now: its imports are in the packages.
      const { collectAssets } = await import("./assets.ts");
      await collectAssets(join(EMBED, "site"));
    },
  });
}

/** What the program reads as it stands in the sources. */
async function copyFiles(): Promise<string> {
  return await step({
    name: "files",
    inputs: ["db/migrations", "app.json"],
    outputs: ["build/embed/migrations", "build/embed/app.json"],
    run: async () => {
      await Deno.remove(join(EMBED, "migrations"), { recursive: true }).catch(ignoreMissing);
      await copy(join(ROOT, "db", "migrations"), join(EMBED, "migrations"));
      await Deno.copyFile(join(ROOT, "app.json"), join(EMBED, "app.json"));
    },
  });
}

async function bundleScripts(packages: string): Promise<string> {
  return await step({
    name: "scripts",
    inputs: [...SHELL, "tools/bundle.ts"],
    also: packages,
    outputs: ["build/stage/app/main.js"],
    run: async () => {
      await Deno.remove(STAGE, { recursive: true }).catch(ignoreMissing);
      await bundle(FOLDERS, join(STAGE, "app"));
    },
  });
}

async function writeBuildInfo(also: unknown): Promise<unknown> {
  const path = join(EMBED, "build_info.json");
  const commit = await run(["git", "rev-parse", "HEAD"]).catch(() => "");
  await step({
    name: "build info",
    inputs: ["deno.json", "tools/build_info.ts"],
    also: [also, commit],
    outputs: ["build/embed/build_info.json"],
    run: async () => await Deno.writeTextFile(path, JSON.stringify(await buildInfo(), null, 2)),
  });
  return JSON.parse(await Deno.readTextFile(path));
}

async function compile(base: string, parts: unknown): Promise<void> {
  await step({
    name: "program",
    inputs: ["tools/build.ts", "tools/compile_base.ts"],
    also: parts,
    outputs: ["dist/erth"],
    run: async () => {
      const workers = [...Deno.readDirSync(join(STAGE, "app"))].map(({ name }) => `app/${name}`)
        .filter((path) => path !== "app/main.js");
      await Deno.remove(join(STAGE, "build"), { recursive: true }).catch(ignoreMissing);
      await copy(EMBED, join(STAGE, "build", "embed"));
      const compile = [Deno.execPath(), "compile", "--quiet", "--no-config", "--no-check"];
      const narrow = ["--no-code-cache", "--no-npm", "--no-remote", ...PERMISSIONS];
      const include = ["build/embed", ...workers].flatMap((path) => ["--include", path]);
      await Deno.mkdir(join(ROOT, "dist"), { recursive: true });
      const part = join(BUILD, "erth");
      await run([...compile, ...narrow, ...include, "--output", part, "app/main.js"], {
        cwd: STAGE,
        env: { DENORT_BIN: base },
      });
      await Deno.rename(part, PROGRAM);
    },
  });
}

async function writeLicensesFile(also: unknown): Promise<void> {
  await step({
    name: "licenses",
    inputs: ["deno.lock", "sidecar/requirements.txt", "tools/licenses.ts"],
    also,
    outputs: ["dist/licenses.txt"],
    run: () => writeLicenses(join(ROOT, "dist", "licenses.txt")),
  });
}

async function sizes(base: string): Promise<void> {
  const embedded = (path: string) => bytesOf(EMBED, path);
  await printSizes(PROGRAM, [
    ["Deno (compile base)", await bytesOf(base)],
    ["scripts", await bytesOf(STAGE, "app")],
    ["site", await embedded("site")],
    ["sidecar, packed", await embedded("payloads/sidecar.bin")],
    ["database engine, packed", await embedded("payloads/store.bin")],
    ["portable window, packed", await embedded("payloads/window.bin")],
  ]);
}

async function copy(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const entry of Deno.readDir(from)) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory) await copy(source, target);
    else await Deno.copyFile(source, target);
  }
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

if (import.meta.main) {
  try {
    await build();
    console.error(`  ${PROGRAM} is up to date`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(1);
  }
}
