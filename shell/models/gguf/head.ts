import { ErthError } from "../../../errors.ts";

const CHUNK = 256 * 1024;
/** The longest heads in use have 12 MB: half a million words of a vocabulary. */
const LONGEST_HEAD = 64 * 1024 * 1024;

/**
 * Reads a file from its beginning, little-endian, in pieces. What it costs is bounded by the length
 * of a head, whatever the numbers in it say.
 */
export class HeadReader {
  readonly #file: Deno.FsFile;
  #held: Uint8Array = new Uint8Array();
  #view = new DataView(new ArrayBuffer(0));
  #at = 0;
  #before = 0;

  /** @param file Read from where it stands; the caller closes it. */
  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** How many bytes were taken so far. */
  get position(): number {
    return this.#before + this.#at;
  }

  /** Four bytes, unsigned. */
  async u32(): Promise<number> {
    await this.#need(4);
    return this.#take(4, (at) => this.#view.getUint32(at, true));
  }

  /** Eight bytes, unsigned; from 2^53 on it is no longer exact. */
  async u64(): Promise<number> {
    await this.#need(8);
    return this.#u64();
  }

  /** A number of `bytes` bytes, by the function that reads it. */
  async number(bytes: number, read: (view: DataView, at: number) => number): Promise<number> {
    await this.#need(bytes);
    return this.#take(bytes, (at) => read(this.#view, at));
  }

  /**
   * A text, cut after `most` bytes.
   *
   * @throws {ErthError} `MODEL_TRUNCATED` if the file is shorter.
   */
  async text(most: number): Promise<string> {
    const length = sane(await this.u64());
    const kept = Math.min(length, most);
    const bytes = new Uint8Array(kept);
    for (let at = 0; at < kept;) {
      await this.#need(1);
      const part = this.#held.subarray(this.#at, this.#at + kept - at);
      bytes.set(part, at);
      at += part.length;
      this.#at += part.length;
    }
    await this.skip(length - kept);
    return new TextDecoder().decode(bytes);
  }

  /** Passes over so many bytes. */
  async skip(bytes: number): Promise<void> {
    for (let left = bytes; left > 0;) {
      await this.#need(1);
      const part = Math.min(left, this.#held.length - this.#at);
      this.#at += part;
      left -= part;
    }
  }

  /** Passes over so many texts. */
  async skipTexts(count: number): Promise<void> {
    for (let left = count; left > 0; left--) {
      // Only to wait is asynchronous: there are half a million of them.
      if (this.#held.length - this.#at < 8) await this.#need(8);
      const length = sane(this.#u64());
      if (length <= this.#held.length - this.#at) this.#at += length;
      else await this.skip(length);
    }
  }

  #u64(): number {
    return this.#take(8, (at) => {
      const low = this.#view.getUint32(at, true);
      return this.#view.getUint32(at + 4, true) * 0x1_0000_0000 + low;
    });
  }

  #take(bytes: number, read: (at: number) => number): number {
    const value = read(this.#at);
    this.#at += bytes;
    return value;
  }

  async #need(bytes: number): Promise<void> {
    while (this.#held.length - this.#at < bytes) {
      if (this.position > LONGEST_HEAD) {
        throw new ErthError("MODEL_DAMAGED", `Its head is longer than ${LONGEST_HEAD} bytes`);
      }
      const rest = this.#held.subarray(this.#at);
      const next = new Uint8Array(rest.length + CHUNK);
      next.set(rest);
      const read = await this.#file.read(next.subarray(rest.length));
      if (read === null) {
        const size = this.#before + this.#held.length;
        throw new ErthError("MODEL_TRUNCATED", `It ends within its head, after ${size} bytes`);
      }
      this.#before += this.#at;
      this.#at = 0;
      this.#held = next.subarray(0, rest.length + read);
      this.#view = new DataView(next.buffer, 0, this.#held.length);
    }
  }
}

/** A length that no head has tells of damage, not of a file cut short. */
function sane(length: number): number {
  if (length <= LONGEST_HEAD) return length;
  throw new ErthError("MODEL_DAMAGED", `A text in its head claims ${length} bytes`);
}
