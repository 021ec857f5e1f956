import { delay } from "@std/async/delay";
import { dirname, join } from "node:path";
import { removePrivately, replacePrivately } from "../config/private_file.ts";
import type { Manifest } from "./format.ts";
import { type Survey, survey } from "./verify.ts";

/** With what clocks of file systems lag behind, in milliseconds. */
const SECOND_MS = 1_050;

/**
 * Whether a folder still looks as it did when its content was last known to be right, so that it
 * needn't be hashed again.
 */
export async function isStamped(folder: string, { marks }: Survey): Promise<boolean> {
  if (marks === undefined) return false;
  try {
    return await Deno.readTextFile(stampOf(folder)) === marks;
  } catch {
    return false;
  }
}

/**
 * Writes down how a folder looks whose content was just unpacked or hashed. Only once that is on the
 * disk, or a power cut could leave a stamp on files that never got there; and only once the second in
 * which it was written is over.
 */
export async function stamp(manifest: Manifest, folder: string): Promise<void> {
  const first = await survey(manifest, folder);
  if (first?.marks === undefined) return;
  // Deno tells the time in whole seconds: a change in this one couldn't be told from none.
  const wait = first.changed + SECOND_MS - Date.now();
  if (wait > SECOND_MS) return;
  if (wait > 0) await delay(wait);
  const { marks } = await survey(manifest, folder) ?? {};
  if (marks !== first.marks) return;
  const files = manifest.files.map(({ path }) => join(folder, path));
  const folders = new Set(files.map(dirname));
  // Windows can't open a folder, nor has it to.
  const all = Deno.build.os === "windows" ? files : [...files, ...folders, dirname(folder)];
  for (const path of all) {
    using file = await Deno.open(path);
    await file.sync();
  }
  replacePrivately(stampOf(folder), marks);
}

/** Forgets that a folder's content was ever right. */
export function unstamp(folder: string): void {
  removePrivately(stampOf(folder));
}

/** Beside the folder: in it, it would be a foreign file. */
function stampOf(folder: string): string {
  return `${folder}.stamp`;
}
