import { statfs } from "node:fs/promises";
import { dirname } from "node:path";

/** Stays free for notes and everything else, whatever comes in. */
const RESERVE_BYTES = 256 * 1024 * 1024;

/**
 * How many bytes may still be written beside a path before the reserve of its disk is touched; 0 if
 * it is touched already.
 *
 * @param path Of a file, in a folder that is there.
 */
export async function roomBeside(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(dirname(path));
  return Math.max(0, bavail * bsize - RESERVE_BYTES);
}

/** The bytes of a file; 0 if it isn't there. */
export function fileSize(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0;
  }
}
