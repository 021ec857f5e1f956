import { encodeHex } from "@std/encoding/hex";

/** One file of a payload. */
export interface PayloadFile {
  /** Relative, with slashes. */
  path: string;
  size: number;
  /** Hex. */
  sha256: string;
  executable: boolean;
}

/** A slice of the files' bytes, put end to end; each is a brotli stream of its own. */
export interface PayloadBlock {
  /** Bytes before and after compression. */
  size: number;
  packed: number;
  /** Of the bytes before compression, in hex. */
  sha256: string;
}

/** What is in a payload: `NAME.json`, beside the blocks in `NAME.bin`. */
export interface Manifest {
  files: PayloadFile[];
  blocks: PayloadBlock[];
}

/** The bytes of all files together. */
export function sizeOf(manifest: Manifest): number {
  return manifest.files.reduce((sum, { size }) => sum + size, 0);
}

/** SHA-256 in hex, worked out beside the calling thread. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return encodeHex(await crypto.subtle.digest("SHA-256", bytes));
}
