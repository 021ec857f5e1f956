import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import { ErthError } from "../../errors.ts";
import type { ArchiveFile } from "./archive.ts";
import { type Manifest, sha256, sizeOf } from "./format.ts";

/** A file that holds a payload's blocks, from a byte on. */
export interface Archive {
  file: ArchiveFile;
  offset: number;
}

/** Bytes unpacked so far, and in all. */
export type Progress = (done: number, total: number) => void;

/**
 * What unpacked files say of their last change. It lies far back, so that a file system which has no
 * time of its own for changes of any kind (ctime) shows by giving this one for it.
 */
const MODIFIED = new Date("2000-01-01T00:00:00Z");

/** Blocks that are decompressed at once; more only costs memory. */
const AHEAD = 3;

const decompress = promisify(brotliDecompress);

/**
 * Unpacks all files into `folder`, which is there and empty. Decompression and hashing run on other
 * threads, so the caller's event loop stays free.
 *
 * @param archive Where the blocks of the manifest lie.
 * @throws {ErthError} `PAYLOAD_DAMAGED` if a block isn't what the manifest says.
 * @throws {Deno.errors.Base} what the file system says, such as that the disk is full.
 */
export async function unpack(
  manifest: Manifest,
  archive: Archive,
  folder: string,
  options: { onProgress?: Progress; signal?: AbortSignal } = {},
): Promise<void> {
  const total = sizeOf(manifest);
  using out = new FileSplitter(manifest, folder);
  const pending: Promise<Uint8Array>[] = [];
  let done = 0;
  let position = archive.offset;
  try {
    for (const block of manifest.blocks) {
      options.signal?.throwIfAborted();
      const packed = await archive.file.read(position, block.packed);
      position += block.packed;
      const bytes = decode(packed, block.sha256);
      // It is looked at in its turn; until then a failure must not count as unhandled.
      bytes.catch(() => {});
      pending.push(bytes);
      if (pending.length >= AHEAD) await next();
    }
    while (pending.length > 0) await next();
  } finally {
    await Promise.allSettled(pending);
  }

  async function next(): Promise<void> {
    const bytes = await pending.shift()!;
    options.signal?.throwIfAborted();
    await out.write(bytes);
    done += bytes.length;
    options.onProgress?.(done, total);
  }
}

async function decode(packed: Uint8Array, hash: string): Promise<Uint8Array> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(await decompress(packed));
  } catch (error) {
    throw new ErthError("PAYLOAD_DAMAGED", `A block can't be decompressed: ${error}`);
  }
  const found = await sha256(bytes);
  if (found === hash) return bytes;
  throw new ErthError("PAYLOAD_DAMAGED", `A block's SHA-256 must be ${hash}: it is ${found}`);
}

/** Writes a stream of bytes to one file after the other, as the manifest lists them. */
class FileSplitter {
  readonly #manifest: Manifest;
  readonly #folder: string;
  readonly #made = new Set<string>();
  #index = -1;
  #left = 0;
  #file: Deno.FsFile | undefined;

  constructor(manifest: Manifest, folder: string) {
    this.#manifest = manifest;
    this.#folder = folder;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      while (this.#left === 0) await this.#open();
      const part = bytes.subarray(at, at + this.#left);
      for (let from = 0; from < part.length;) from += await this.#file!.write(part.subarray(from));
      at += part.length;
      this.#left -= part.length;
    }
    // Empty files at the end have no bytes to wait for.
    while (this.#left === 0 && this.#manifest.files[this.#index + 1]?.size === 0) {
      await this.#open();
    }
  }

  async #open(): Promise<void> {
    const entry = this.#manifest.files[++this.#index];
    if (entry === undefined) throw new ErthError("PAYLOAD_DAMAGED", "More bytes than files");
    this[Symbol.dispose]();
    const path = join(this.#folder, entry.path);
    const parent = dirname(path);
    if (!this.#made.has(parent)) {
      await Deno.mkdir(parent, { recursive: true, mode: 0o700 });
      this.#made.add(parent);
    }
    const mode = entry.executable ? 0o700 : 0o600;
    this.#file = await Deno.open(path, { createNew: true, write: true, mode });
    this.#left = entry.size;
  }

  [Symbol.dispose](): void {
    try {
      this.#file?.utimeSync(new Date(), MODIFIED);
    } catch {
      // A file system that takes no times: what it says of them isn't believed then.
    }
    this.#file?.close();
    this.#file = undefined;
  }
}
