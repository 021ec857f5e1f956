import { dirname, join, relative, resolve } from "node:path";
import { sha256 } from "../../shell/payload/format.ts";

/** The folder that holds deno.json, without a slash at its end. */
export const ROOT = dirname(dirname(import.meta.dirname!));

/** One part of a build: run only if its inputs, or what it made, changed since it last ran. */
export interface Step {
  /** Shown to the person and used as the stamp's file name. */
  name: string;
  /** Files and folders, absolute or relative to the root; those that are absent count as empty. */
  inputs: string[];
  /** Whatever else decides the outcome, such as a version or the key of an earlier step. */
  also?: unknown;
  /** Files and folders that must be there for the step to count as done. */
  outputs: string[];
  run: () => Promise<void>;
}

/**
 * Runs a step, or skips it; the key of its inputs, which later steps may name in `also`.
 * Says what it does and how long that took, so that nothing over a second is silent.
 */
export async function step(step: Step): Promise<string> {
  const key = await hashOf(step.inputs, step.also);
  const stamp = join(ROOT, "build", "stamps", step.name.replaceAll(" ", "-"));
  if (await isDone(stamp, key, step.outputs)) return key;
  await Deno.remove(stamp).catch(() => {});
  const start = performance.now();
  const seconds = () => ((performance.now() - start) / 1000).toFixed(1);
  console.error(`  ${step.name} …`);
  const ticker = setInterval(() => console.error(`  ${step.name} … ${seconds()} s`), 10_000);
  try {
    await step.run();
  } finally {
    clearInterval(ticker);
  }
  await Deno.mkdir(dirname(stamp), { recursive: true });
  await Deno.writeTextFile(stamp, key);
  console.error(`  ${step.name}: ${seconds()} s`);
  return key;
}

/** Tests change often, and nothing that is built depends on them. */
const TEST = /(^|\/)(test_\w+\.py|conftest\.py|\w+_test\.ts)$/;

/** The SHA-256, in hex, of files, folders (names and contents) and a value that JSON can hold. */
export async function hashOf(paths: string[], also: unknown = null): Promise<string> {
  const lines: string[] = [JSON.stringify(also)];
  for (const path of paths) {
    for (const file of await filesUnder(resolve(ROOT, path))) {
      if (TEST.test(file)) continue;
      lines.push(`${relative(ROOT, file)} ${await sha256(await Deno.readFile(file))}`);
    }
  }
  return await sha256(new TextEncoder().encode(lines.join("\n")));
}

/** Files under a folder, sorted, without caches; the file itself if `path` is one. */
export async function filesUnder(path: string): Promise<string[]> {
  const info = await Deno.stat(path).catch(() => undefined);
  if (info === undefined) return [];
  if (!info.isDirectory) return [path];
  const files: string[] = [];
  for await (const entry of Deno.readDir(path)) {
    if (entry.name.startsWith(".") || entry.name === "__pycache__") continue;
    files.push(...await filesUnder(join(path, entry.name)));
  }
  return files.sort();
}

async function isDone(stamp: string, key: string, outputs: string[]): Promise<boolean> {
  if (await Deno.readTextFile(stamp).catch(() => "") !== key) return false;
  for (const output of outputs) {
    if (!await Deno.stat(resolve(ROOT, output)).then(() => true, () => false)) return false;
  }
  return true;
}
