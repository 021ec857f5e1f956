import { basename } from "node:path";
import { asErthError, type ErrorShape, ErthError } from "../../../errors.ts";
import type { Clock } from "../../process/clock.ts";
import type { Uploaded, Uploads } from "./uploads.ts";

/** What became of a file that was let go over the window. */
export type Dropping = Uploaded | { name: string; error: ErrorShape };

/** What is done with files that the window tells of. */
export interface DroppedOptions {
  uploads: Uploads;
  clock: Clock;
  /** Takes a file as a model, where it lies; its reference. */
  onModel: (path: string) => Promise<string>;
}

/** Who holds a file for longer has changed their mind. */
const HELD_MS = 2 * 60_000;
const MOST = 200;

/**
 * Files that a person holds over the window, where the page itself isn't given them. Only what the
 * window told of can be taken, and only once: no page may name a path.
 */
export class Dropped {
  readonly #options: DroppedOptions;
  #held: { paths: readonly string[]; until: number } = { paths: [], until: 0 };

  constructor(options: DroppedOptions) {
    this.#options = options;
  }

  /** Somebody holds these over the window now. */
  hold(paths: readonly string[]): void {
    const until = this.#options.clock.monotonic() + HELD_MS;
    this.#held = { paths: paths.slice(0, MOST), until };
  }

  /** Takes them: models where they lie, all else as if it were uploaded. */
  async take(): Promise<Dropping[]> {
    const { clock } = this.#options;
    const { paths, until } = this.#held;
    this.#held = { paths: [], until: 0 };
    const taken: Dropping[] = [];
    for (const path of clock.monotonic() < until ? paths : []) taken.push(await this.#take(path));
    return taken;
  }

  async #take(path: string): Promise<Dropping> {
    const name = basename(path);
    try {
      const { isFile, size } = await Deno.stat(path);
      if (!isFile) throw new ErthError("MODEL_GONE", "A folder");
      if (/\.gguf$/i.test(name)) {
        return { model: await this.#options.onModel(path), name, bytes: size };
      }
      const file = await Deno.open(path);
      const body = file.readable;
      const headers = { "content-length": `${size}` };
      const url = `http://127.0.0.1/?name=${encodeURIComponent(name)}`;
      const request = new Request(url, { method: "POST", body, headers });
      return await this.#options.uploads.take(request);
    } catch (thrown) {
      const gone = thrown instanceof Deno.errors.NotFound;
      return { name, ...asErthError(thrown, gone ? "MODEL_GONE" : "FILE_UNREADABLE").toJSON() };
    }
  }
}
