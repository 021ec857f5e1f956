import { join } from "node:path";
import { ErthError } from "../../../errors.ts";
import { cleanName, freeName } from "../settings/names.ts";
import { IncomingFile, offer, sizeOf } from "./incoming_file.ts";

/** Where uploads go. */
export interface UploadsOptions {
  /** The folder of models. */
  models: string;
  /** The folder where files wait to be taken into the Library. */
  incoming: string;
  /** Makes an id that nobody guesses. */
  mintId: () => string;
  /** A file was added to the folder of models; resolves with its reference. */
  onModel: (path: string) => Promise<string>;
}

/** What became of an upload: a model, or a file that waits for the Library. */
export type Uploaded =
  | { model: string; name: string; bytes: number }
  | { upload: string; name: string; bytes: number };

const MAGIC = "GGUF";
const MOST_FOR_LIBRARY = 200 * 1024 * 1024;
const KEPT_MS = 24 * 60 * 60_000;
const FOLDER = { recursive: true, mode: 0o700 } as const;

/** Takes files that a page sends, as they come: never whole into memory, never half under a name. */
export class Uploads {
  readonly #options: UploadsOptions;
  /** Names under which a model is being written, in lower case. */
  readonly #busy = new Set<string>();

  constructor(options: UploadsOptions) {
    this.#options = options;
  }

  /** Removes what uploads left that were cut short, and what nobody took into the Library. */
  async clean(now: number): Promise<void> {
    const { incoming, models } = this.#options;
    const busy = (name: string) => this.#busy.has(name.replace(/\.upload$/, "").toLowerCase());
    await removeFrom(models, (name) => /\.upload$/.test(name) && !busy(name));
    await removeFrom(incoming, (_, time) => time < now - KEPT_MS);
  }

  /**
   * Takes the body of a request as a file; a GGUF file becomes a model.
   *
   * @throws {ErthError} `MODEL_FILE`, `MODEL_EXISTS`, `MODEL_DISK`, `UPLOAD_TOO_LARGE`, what a model
   * is refused with; `BAD_REQUEST` if it has no name, or ends early. Nothing is left of it then.
   */
  async take(request: Request): Promise<Uploaded> {
    const given = new URL(request.url).searchParams.get("name") ?? "";
    if (given === "") throw new ErthError("BAD_REQUEST", "The file has no name");
    const expected = Number(request.headers.get("content-length") ?? 0);
    const reader = (request.body ?? new Blob([]).stream()).getReader();
    try {
      const head = await readHead(reader);
      const name = cleanName(given, "file");
      const isModel = new TextDecoder("latin1").decode(head.slice(0, 4)) === MAGIC;
      if (!isModel && /\.gguf$/i.test(name)) {
        throw new ErthError("MODEL_FILE", `${name} doesn't begin with ${MAGIC}`);
      }
      return isModel
        ? await this.#takeModel(name, head, reader, expected)
        : await this.#takeFile(name, head, reader, expected);
    } catch (thrown) {
      // So that the sender stops sending.
      reader.cancel().catch(() => {});
      throw thrown;
    }
  }

  async #takeModel(given: string, head: Bytes, reader: Reader, expected: number) {
    const { models, onModel } = this.#options;
    await Deno.mkdir(models, FOLDER);
    const wanted = /\.gguf$/i.test(given) ? given : `${given}.gguf`;
    const same = sizeOf(join(models, wanted));
    if (same !== undefined && same === expected) throw new ErthError("MODEL_EXISTS", wanted);
    const names = new Set([...Deno.readDirSync(models)].map((it) => it.name.toLowerCase()));
    const taken = (it: string) => names.has(it.toLowerCase()) || this.#busy.has(it.toLowerCase());
    const name = freeName(wanted, taken);
    const path = join(models, name);
    this.#busy.add(name.toLowerCase());
    try {
      const bytes = await write(`${path}.upload`, head, reader, expected);
      await Deno.rename(`${path}.upload`, path);
      return { model: await offer(path, onModel), name, bytes };
    } finally {
      this.#busy.delete(name.toLowerCase());
    }
  }

  async #takeFile(name: string, head: Bytes, reader: Reader, expected: number) {
    const { incoming, mintId } = this.#options;
    await Deno.mkdir(incoming, FOLDER);
    const upload = mintId();
    const bytes = await write(join(incoming, upload), head, reader, expected, MOST_FOR_LIBRARY);
    return { upload, name, bytes };
  }
}

type Bytes = Uint8Array<ArrayBuffer>;
type Reader = ReadableStreamDefaultReader<Bytes>;

/** At least as much as tells what kind of file it is, unless it is shorter. */
async function readHead(reader: Reader): Promise<Bytes> {
  let head: Bytes = new Uint8Array();
  while (head.byteLength < MAGIC.length) {
    const { done, value } = await next(reader);
    if (done) break;
    const both = new Uint8Array(head.byteLength + value.byteLength);
    both.set(head);
    both.set(value, head.byteLength);
    head = both;
  }
  return head;
}

/** Writes a file whole, or leaves none; how many bytes. */
async function write(
  path: string,
  head: Bytes,
  reader: Reader,
  expected: number,
  most = Infinity,
): Promise<number> {
  const tooLarge = (bytes: number) => {
    if (bytes > most) throw new ErthError("UPLOAD_TOO_LARGE", `${bytes} bytes`);
  };
  tooLarge(expected);
  let bytes = 0;
  try {
    using file = await IncomingFile.open(path, { expected });
    for (let chunk = head;;) {
      tooLarge(bytes += chunk.byteLength);
      await file.write(chunk);
      const { done, value } = await next(reader);
      if (done) break;
      chunk = value;
    }
    if (expected > 0 && bytes !== expected) {
      throw new ErthError("BAD_REQUEST", `${bytes} of ${expected} bytes came`);
    }
    await file.finish();
    return bytes;
  } catch (thrown) {
    await Deno.remove(path).catch(() => {});
    throw thrown;
  }
}

/** @throws {ErthError} `BAD_REQUEST` if the sender went away. */
async function next(reader: Reader): Promise<ReadableStreamReadResult<Bytes>> {
  try {
    return await reader.read();
  } catch (error) {
    throw new ErthError("BAD_REQUEST", `The upload ended early: ${error}`);
  }
}

async function removeFrom(
  folder: string,
  fits: (name: string, time: number) => boolean,
): Promise<void> {
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      if (!isFile) continue;
      const path = join(folder, name);
      const { mtime } = await Deno.stat(path);
      if (fits(name, mtime?.getTime() ?? 0)) await Deno.remove(path);
    }
  } catch {
    // There is none.
  }
}
