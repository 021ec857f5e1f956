import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Manifest, PayloadFile } from "./format.ts";

/** Files that are read and hashed at once: enough to keep two cores busy, few open descriptors. */
const AT_ONCE = 4;
const PIECE = 256 * 1024;

/** What an unpacked folder looks like, its files' content left aside. */
export interface Survey {
  /**
   * Of each file number, size, mode and times. No content can be changed without one of them: the
   * last, ctime, is set by the system alone. `undefined` where a file system has no such time.
   */
  readonly marks: string | undefined;
  /** The latest ctime, in whole seconds, as milliseconds since 1970. */
  readonly changed: number;
}

/**
 * Whether `folder` holds the manifest's files and nothing besides, by name, kind, size and mode: a
 * library that was added could be loaded as well as one that was changed.
 *
 * @param lstat For tests.
 */
export async function survey(
  manifest: Manifest,
  folder: string,
  lstat = Deno.lstat,
): Promise<Survey | undefined> {
  const wanted = new Set(manifest.files.map(({ path }) => path));
  const found = await namesUnder(folder);
  if (found?.length !== wanted.size || !found.every((path) => wanted.has(path))) return undefined;
  try {
    const marks = await Promise.all(
      manifest.files.map(async (file) => look(file, await lstat(join(folder, file.path)))),
    );
    if (marks.some(({ fits }) => !fits)) return undefined;
    const dated = marks.every(({ mark }) => mark !== undefined);
    return {
      marks: dated ? marks.map(({ mark }) => mark).join("\n") : undefined,
      changed: Math.max(...marks.map(({ changed }) => changed)),
    };
  } catch {
    return undefined;
  }
}

/** Whether the content of each file has the manifest's hash. */
export async function isWhole(manifest: Manifest, folder: string): Promise<boolean> {
  // The largest first, so that no long one is left over for the end.
  const queue = [...manifest.files].sort((a, b) => a.size - b.size);
  let whole = true;
  const worker = async () => {
    for (let file = queue.pop(); file !== undefined && whole; file = queue.pop()) {
      const hash = await hashOf(join(folder, file.path)).catch(() => undefined);
      if (hash !== file.sha256) whole = false;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return whole;
}

function look(file: PayloadFile, info: Deno.FileInfo) {
  const { isFile, size, mode, ino, mtime, ctime } = info;
  const runs = !file.executable || mode === null || (mode & 0o100) !== 0;
  const fits = isFile && size === file.size && runs;
  const modified = mtime?.getTime();
  const changed = ctime?.getTime() ?? 0;
  // What is no more than a copy of the other time, as on FAT, tells nothing.
  const tells = ino !== null && changed !== 0 && changed !== modified;
  const mark = `${file.path} ${ino} ${size} ${mode} ${modified} ${changed}`;
  return { fits, changed, mark: tells ? mark : undefined };
}

/** The SHA-256 of a file, in hex; read piece by piece, since memory once taken isn't given back. */
async function hashOf(path: string): Promise<string> {
  using file = await Deno.open(path);
  const hash = createHash("sha256");
  const piece = new Uint8Array(PIECE);
  for (let read = await file.read(piece); read !== null; read = await file.read(piece)) {
    hash.update(piece.subarray(0, read));
  }
  return hash.digest("hex");
}

/** Relative paths of all that isn't a folder; `undefined` if the folder can't be read. */
async function namesUnder(folder: string, prefix = ""): Promise<string[] | undefined> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) {
      const path = prefix + entry.name;
      // A link could be pointed elsewhere after we looked; there is none in a payload.
      if (entry.isSymlink) return undefined;
      if (entry.isFile) names.push(path);
      else names.push(...await namesUnder(join(folder, entry.name), `${path}/`) ?? [path]);
    }
  } catch {
    return undefined;
  }
  return names;
}
