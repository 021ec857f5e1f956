import { roomBeside } from "../../../disk.ts";
import { ErthError, isDiskFull } from "../../../errors.ts";
import { bytesInWords } from "../../presentation/words.ts";

/** Between two looks at how much room is left: others write to the same disk. */
const LOOK_BYTES = 16 * 1024 * 1024;

/** How a file is begun. */
export interface IncomingOptions {
  /** Where what is there already ends; 0: the file is new. */
  from?: number;
  /** Bytes that are still to come, if that is known; 0 otherwise. */
  expected: number;
  /** Free bytes of the disk less its reserve; another one for tests. */
  room?: (path: string) => Promise<number>;
}

/**
 * A file that grows by what comes from elsewhere, be it a download or an upload. However much comes,
 * the reserve of the disk stays free. Each method throws `MODEL_DISK` where it wouldn't, or if the
 * disk is full nevertheless; what was written by then stays.
 */
export class IncomingFile implements Disposable {
  readonly #path: string;
  readonly #room: (path: string) => Promise<number>;
  readonly #file: Deno.FsFile;
  /** Bytes that may be written before the next look. */
  #allowed = 0;

  private constructor(path: string, room: (path: string) => Promise<number>, file: Deno.FsFile) {
    this.#path = path;
    this.#room = room;
    this.#file = file;
  }

  /**
   * Opens a file, mode 0600, to be written from `from` on.
   *
   * @throws {ErthError} `MODEL_DISK` if what is expected doesn't fit.
   */
  static async open(path: string, options: IncomingOptions): Promise<IncomingFile> {
    const { expected, from = 0, room = roomBeside } = options;
    const free = await room(path);
    if (free < expected || free === 0) throw noRoom(expected, free);
    return await telling(async () => {
      const file = await Deno.open(path, { create: true, write: true, mode: 0o600 });
      await file.truncate(from);
      await file.seek(from, Deno.SeekMode.Start);
      return new IncomingFile(path, room, file);
    });
  }

  /** Writes all of a chunk, or nothing if there is no room for it. */
  async write(chunk: Uint8Array): Promise<void> {
    if (chunk.byteLength > this.#allowed) {
      const free = await this.#room(this.#path);
      if (chunk.byteLength > free) throw noRoom(chunk.byteLength, free);
      this.#allowed = Math.max(chunk.byteLength, Math.min(free, LOOK_BYTES));
    }
    this.#allowed -= chunk.byteLength;
    await telling(async () => {
      for (let at = 0; at < chunk.byteLength;) at += await this.#file.write(chunk.subarray(at));
    });
  }

  /** Brings it to the disk: now it is whole. */
  async finish(): Promise<void> {
    await telling(() => this.#file.syncData());
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/**
 * Offers a file that has come whole as a model; one that is refused goes.
 *
 * @param onModel Takes it, and resolves with its reference; throws an `ErthError` to refuse it.
 */
export async function offer(
  path: string,
  onModel: (path: string) => Promise<string>,
): Promise<string> {
  try {
    return await onModel(path);
  } catch (thrown) {
    if (thrown instanceof ErthError) await Deno.remove(path).catch(() => {});
    throw thrown;
  }
}

/** Bytes of what lies there; `undefined` if there is nothing. */
export function sizeOf(path: string): number | undefined {
  try {
    return Deno.statSync(path).size;
  } catch {
    return undefined;
  }
}

/** Does something with a file; a full disk is told as such. */
async function telling<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (isDiskFull(thrown)) throw new ErthError("MODEL_DISK", `${thrown}`, { cause: thrown });
    throw thrown;
  }
}

function noRoom(bytes: number, free: number): ErthError {
  const detail =
    `${bytesInWords(bytes)} more are to come, and there is room for ${bytesInWords(free)}: ` +
    "the rest of the disk is kept free for notes";
  return new ErthError("MODEL_DISK", detail);
}
