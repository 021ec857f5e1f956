import { ErthError } from "../../errors.ts";

/**
 * A file that payloads' blocks are read from. It stays open: what replaces the file under its name,
 * as an update does to a running program, isn't read.
 */
export class ArchiveFile implements Disposable {
  readonly #file: Deno.FsFile;
  #turn: Promise<unknown> = Promise.resolve();

  /** @throws {Deno.errors.NotFound} and what else the file system says. */
  constructor(path: string | URL) {
    this.#file = Deno.openSync(path);
  }

  /**
   * Reads `size` bytes from a position on.
   *
   * @throws {ErthError} `PAYLOAD_DAMAGED` if the file ends before.
   */
  read(position: number, size: number): Promise<Uint8Array<ArrayBuffer>> {
    // One after the other: all share the place where the file is read.
    const bytes = this.#turn.then(() => this.#read(position, size));
    this.#turn = bytes.catch(() => {});
    return bytes;
  }

  async #read(position: number, size: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(size);
    await this.#file.seek(position, Deno.SeekMode.Start);
    for (let at = 0; at < size;) {
      const read = await this.#file.read(bytes.subarray(at));
      if (read === null) {
        throw new ErthError("PAYLOAD_DAMAGED", `The archive ends ${size - at} early`);
      }
      at += read;
    }
    return bytes;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}
