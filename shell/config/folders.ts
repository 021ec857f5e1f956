import { join } from "node:path";
import { ErthError } from "../../errors.ts";
import type { Paths } from "./paths.ts";

/** What a folder turned out to be. `modeless`: its disk knows neither owners nor modes. */
type Finding = "fine" | "tightened" | "modeless";

const OTHERS = 0o077, OTHERS_MAY_WRITE = 0o022, STICKY = 0o1000;
/** One of these tells that a folder is Erth's: others' folders are left as they are. */
const MARKS = ["erth.lock", "local_edge.db"];

/**
 * Makes sure that data, cache and logs are ours and closed to others, as far as they are there: who
 * else can write to them could have us run or believe anything. Ours but too open, as a copy or a
 * restore leaves them, they are tightened. To be called before anything in them is read.
 *
 * @returns What a person should know of it.
 * @throws {ErthError} `FOLDER_FOREIGN` if one is somebody else's, or open to others' writing and not
 * to be tightened.
 */
export function secureFolders({ data, cache, logs, portable }: Paths): string[] {
  // There the user's own folders are closed by inherited rules.
  if (Deno.build.os === "windows") return [];
  const notices: string[] = [];
  for (const path of new Set([data, cache, logs])) {
    const finding = secure(path, path === data);
    if (finding === "tightened") {
      notices.push(`${path} was open to other accounts; now it is closed`);
    }
    if (finding === "modeless" && path === data && portable) {
      notices.push(`${path} lies on a disk without permissions: whoever has the disk can read it`);
    }
    if (finding === "modeless" && path === data) break;
  }
  return notices;
}

function secure(path: string, isData: boolean): Finding {
  const link = look(() => Deno.lstatSync(path));
  const folder = look(() => Deno.statSync(path));
  if (link === undefined || folder === undefined || !folder.isDirectory) return "fine";
  if (!isOurs(link) || !isOurs(folder)) {
    if (!hasModes(path)) return "modeless";
    throw new ErthError("FOLDER_FOREIGN", `${path} belongs to account ${folder.uid}`);
  }
  const entries = list(path);
  const isErths = !isData || entries.length === 0 || MARKS.some((mark) => entries.includes(mark));
  let finding: Finding = "fine";
  if (isOpen(folder, OTHERS) && isErths && tighten(path, folder)) finding = "tightened";
  const after = Deno.statSync(path);
  if (isOpen(after, OTHERS_MAY_WRITE)) {
    if (!hasModes(path)) return "modeless";
    throw new ErthError("FOLDER_FOREIGN", `${path} can be written to by others`);
  }
  // In a folder of somebody's own, such as their home, nothing but ours is looked at.
  for (const name of isErths ? entries : []) {
    if (secureEntry(join(path, name))) finding = "tightened";
  }
  return finding;
}

/** One file or folder inside; whether it had to be tightened. */
function secureEntry(path: string): boolean {
  const entry = look(() => Deno.lstatSync(path));
  if (entry === undefined) return false;
  if (!isOurs(entry)) {
    throw new ErthError("FOLDER_FOREIGN", `${path} belongs to account ${entry.uid}`);
  }
  // A link has no modes of its own, and what it leads to is as its owner wants it.
  return !entry.isSymlink && isOpen(entry, OTHERS) && tighten(path, entry);
}

function isOurs({ uid }: Deno.FileInfo): boolean {
  return uid === Deno.uid();
}

function isOpen({ mode }: Deno.FileInfo, bits: number): boolean {
  return ((mode ?? 0) & bits) !== 0;
}

/** Takes from others what they may do; whether that took effect. */
function tighten(path: string, { mode }: Deno.FileInfo): boolean {
  // Such a folder is meant for all, like `/tmp`.
  if (mode === null || (mode & STICKY) !== 0) return false;
  try {
    Deno.chmodSync(path, mode & 0o7777 & ~OTHERS);
    return !isOpen(Deno.lstatSync(path), OTHERS);
  } catch {
    return false;
  }
}

/**
 * Whether files there have owners and modes, or what the disk was mounted with (FAT, exFAT, NTFS): a
 * file of our own tells. It must be possible to write one.
 */
function hasModes(folder: string): boolean {
  const path = join(folder, `.erth-${crypto.randomUUID()}`);
  try {
    Deno.openSync(path, { createNew: true, write: true, mode: 0o600 }).close();
    const { uid, mode } = Deno.lstatSync(path);
    return uid === Deno.uid() && ((mode ?? 0) & 0o777) === 0o600;
  } catch {
    // Not to be written to: then it isn't a disk of ours either.
    return true;
  } finally {
    look(() => Deno.removeSync(path));
  }
}

function list(folder: string): string[] {
  return look(() => [...Deno.readDirSync(folder)].map(({ name }) => name)) ?? [];
}

/** What can't be looked at is told of by whoever uses it. */
function look<T>(at: () => T): T | undefined {
  try {
    return at();
  } catch {
    return undefined;
  }
}
