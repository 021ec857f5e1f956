/**
 * What all programs on this shell have in common. Each function returns the key of what it made.
 *
 * @module
 */
import { join } from "node:path";
import { bundle } from "./bundle.ts";
import { removeFolder } from "../steps/folders.ts";
import { llamaMembers, storeMembers, windowMembers } from "./natives.ts";
import { type Member, pack } from "./pack.ts";
import { ROOT, step } from "../steps/steps.ts";

const BUILD = join(ROOT, "build");
/** Where the parts of Erth itself lie; `deno run main.ts` reads them there. */
export const EMBED = join(BUILD, "embed");
/** The shell's code as `bundle` made it. */
export const SCRIPTS = join(BUILD, "stage", "app", "code");

/** TypeScript that goes into the program. */
const FOLDERS = ["shell", "db"];
const SHELL = ["main.ts", "errors.ts", "errors.json", "log.ts", "disk.ts", ...FOLDERS];

/** Packs the database engine and the portable window library. */
export async function packNatives(packages: string): Promise<unknown> {
  const natives = { also: packages, inputs: ["tools/build/natives.ts"], embed: EMBED };
  return [
    await packStep("store", () => storeMembers(join(BUILD, "native")), natives),
    await packStep("window", () => Promise.resolve(windowMembers()), natives),
  ];
}

/** Packs llama.cpp out of the virtual environment. */
export async function packLlama(environment: string): Promise<string> {
  const options = { also: environment, inputs: ["tools/build/natives.ts"], embed: EMBED };
  return await packStep("llama", () => llamaMembers(join(BUILD, "native", "llama")), options);
}

/** Where a payload comes from and goes to. */
export interface PackOptions {
  also?: unknown;
  inputs: string[];
  /** The folder with `payloads/`. */
  embed: string;
  /** @default The payload's name. */
  label?: string;
}

/** Packs one payload. */
export async function packStep(
  name: string,
  members: () => Promise<Member[]>,
  { also, inputs, embed, label = name }: PackOptions,
): Promise<string> {
  const folder = join(embed, "payloads");
  return await step({
    name: `packing of ${label}`,
    inputs: ["tools/build/pack.ts", ...inputs],
    also,
    outputs: [join(folder, `${name}.json`), join(folder, `${name}.bin`)],
    run: async () => {
      await pack(name, await members(), folder, join(BUILD, "packed"));
    },
  });
}

/** Puts Erth's page together. */
export async function collectSite(packages: string): Promise<string> {
  const site = join(EMBED, "site");
  return await step({
    name: "site",
    inputs: ["web", "tools/build/assets.ts", "tools/build/bundle.ts"],
    also: packages,
    outputs: [site],
    run: async () => {
      await removeFolder(site);
      // Only now: its imports are in the packages.
      const { collectAssets } = await import("./assets.ts");
      await collectAssets(site);
    },
  });
}

/** Bundles the shell's code. */
export async function bundleScripts(packages: string): Promise<string> {
  return await step({
    name: "scripts",
    inputs: [...SHELL, "tools/build/bundle.ts"],
    also: packages,
    outputs: [join(SCRIPTS, "main.js")],
    run: async () => {
      await removeFolder(SCRIPTS);
      await bundle(FOLDERS, SCRIPTS);
    },
  });
}
