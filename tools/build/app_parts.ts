/**
 * What an app brings of its own: sidecar, pages, migrations, names. Each function returns the key
 * of what it made.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { inNameOf } from "../../errors.ts";
import { buildInfo } from "./build_info.ts";
import { run } from "../steps/command.ts";
import { copyFolder, exists, removeFolder } from "../steps/folders.ts";
import { membersOf } from "./pack.ts";
import { PYTHON } from "../fetch/python.ts";
import { EMBED, packStep } from "./shell_parts.ts";
import { filesUnder, hashOf, ROOT, step } from "../steps/steps.ts";
import { stepName, type Target } from "./target.ts";

const SPEC = "sidecar/erth-sidecar.spec";

/** The folder that things are put into for the program to read. */
export function embedOf(target: Target): string {
  return join(target.work, "embed");
}

/** Whether the sidecar is a Python package to freeze, not a program that is there already. */
export async function isFrozen(target: Target): Promise<boolean> {
  return !await exists(join(target.folder, "sidecar", programOf(target)));
}

/** Freezes the app's Python package, or takes its program as it is, and packs it. */
export async function packSidecar(target: Target, environment: Promise<string>): Promise<string> {
  const options = { embed: embedOf(target), label: stepName(target, "sidecar") };
  if (!await isFrozen(target)) {
    const folder = join(target.folder, "sidecar");
    const { mode } = await Deno.stat(join(folder, programOf(target)));
    if (Deno.build.os !== "windows" && !((mode ?? 0) & 0o100)) {
      throw new Error(`Cannot pack ${programOf(target)} as it isn't executable: chmod +x it`);
    }
    return await packStep("sidecar", () => membersOf(folder), { ...options, inputs: [folder] });
  }
  const also = await freeze(target, await environment);
  const frozen = join(target.work, "sidecar", `${target.app.name}-sidecar`);
  return await packStep("sidecar", () => membersOf(frozen), { ...options, also, inputs: [] });
}

async function freeze(target: Target, environment: string): Promise<string> {
  const { app, folder, work } = target;
  const own = target.own ? [] : [join(folder, "sidecar"), join(folder, "errors.json")];
  return await step({
    name: stepName(target, "sidecar"),
    inputs: ["sidecar", "errors.json", ...own],
    also: [environment, app],
    outputs: [join(work, "sidecar", `${app.name}-sidecar`)],
    run: async () => {
      const errors = join(work, "errors.json");
      await Deno.mkdir(work, { recursive: true });
      await Deno.writeTextFile(errors, await errorsOf(target));
      const places = ["--distpath", join(work, "sidecar"), "--workpath", join(work, "freeze")];
      const ours = ["--package", await packageOf(folder), "--name", app.name, "--errors", errors];
      // Fixed, so that the same sources give the same bytes, and packed blocks are found again.
      const env = { PYTHONHASHSEED: "1", SOURCE_DATE_EPOCH: "1700000000" };
      const freezer = [PYTHON, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"];
      await run([...freezer, ...places, SPEC, "--", ...ours], { env });
    },
  });
}

/** The one Python package of the app that can be run. */
async function packageOf(folder: string): Promise<string> {
  const files = await filesUnder(join(folder, "sidecar"));
  const mains = files.filter((path) => /\/sidecar\/\w+\/__main__\.py$/.test(path));
  if (mains.length === 1) return dirname(mains[0]!);
  const found = mains.length === 0 ? "none" : mains.join(", ");
  throw new Error(
    `Cannot freeze ${folder}/sidecar as it must hold one package with a __main__.py: found ${found}`,
  );
}

/** Erth's errors in the app's name, and the app's own over them. */
async function errorsOf(target: Target): Promise<string> {
  const read = async (folder: string) => await Deno.readTextFile(join(folder, "errors.json"));
  const general = inNameOf(target.app, await read(ROOT));
  if (target.own || !await exists(join(target.folder, "errors.json"))) return general;
  return JSON.stringify({ ...JSON.parse(general), ...JSON.parse(await read(target.folder)) });
}

/** Lays the app's pages over Erth's own: a file of the same name takes the other's place. */
export async function layPages(target: Target, site: string): Promise<string> {
  if (target.own) return site;
  const [pages, laid] = [join(target.folder, "web"), join(embedOf(target), "site")];
  return await step({
    name: stepName(target, "site"),
    inputs: [pages],
    also: site,
    outputs: [laid],
    run: async () => {
      await removeFolder(laid);
      await copyFolder(join(EMBED, "site"), laid);
      await copyFolder(pages, laid);
    },
  });
}

/** Copies what the program reads as it stands in the sources, and writes what it says of itself. */
export async function copyFiles(target: Target, also: unknown): Promise<unknown> {
  const [embed, app] = [embedOf(target), join(target.folder, "app.json")];
  const icon = join(target.folder, "icon.png");
  const files = await step({
    name: stepName(target, "files"),
    inputs: [target.migrations, app, icon],
    outputs: [join(embed, "migrations"), join(embed, "app.json")],
    run: async () => {
      await removeFolder(join(embed, "migrations"));
      await copyFolder(target.migrations, join(embed, "migrations"));
      await Deno.copyFile(app, join(embed, "app.json"));
      await removeFolder(join(embed, "icon.png"));
      if (await exists(icon)) await Deno.copyFile(icon, join(embed, "icon.png"));
    },
  });
  return [files, await writeBuildInfo(target, also)];
}

async function writeBuildInfo(target: Target, also: unknown): Promise<unknown> {
  const path = join(embedOf(target), "build_info.json");
  const commit = await run(["git", "rev-parse", "HEAD"]).catch(() => "");
  const python = await isFrozen(target);
  await step({
    name: stepName(target, "build info"),
    inputs: ["deno.json", "tools/build/build_info.ts"],
    also: [also, commit, target.app, python],
    outputs: [path],
    run: async () => {
      const info = await buildInfo(target, python);
      await Deno.writeTextFile(path, JSON.stringify(info, null, 2));
    },
  });
  return await hashOf([path]);
}

function programOf({ app }: Target): string {
  return Deno.build.os === "windows" ? `${app.name}-sidecar.exe` : `${app.name}-sidecar`;
}
