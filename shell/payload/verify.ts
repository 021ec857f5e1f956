import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Manifest, PayloadFile } from "./format.ts";

/** Files that are read and hashed at once: enough to keep two cores busy, few open descriptors. */
const AT_ONCE = 4;
const PIECE = 256 * 1024;

/**
 * Whether `folder` holds exactly the manifest's files, byte for byte, and nothing besides: a library
 * that was added could be loaded as well as one that was changed.
 */
export async function verify(manifest: Manifest, folder: string): Promise<boolean> {
  const wanted = new Set(manifest.files.map(({ path }) => path));
  const found = await namesUnder(folder);
  if (found?.length !== wanted.size || !found.every((path) => wanted.has(path))) return false;
  // The largest first, so that no long one is left over for the end.
  const queue = [...manifest.files].sort((a, b) => a.size - b.size);
  let whole = true;
  const worker = async () => {
    for (let file = queue.pop(); file !== undefined && whole; file = queue.pop()) {
      if (!await isWhole(file, join(folder, file.path))) whole = false;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return whole;
}

async function isWhole(file: PayloadFile, path: string): Promise<boolean> {
  try {
    const info = file.executable ? await Deno.stat(path) : undefined;
    if (info?.mode != null && (info.mode & 0o100) === 0) return false;
    return await hashOf(path) === file.sha256;
  } catch {
    return false;
  }
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
