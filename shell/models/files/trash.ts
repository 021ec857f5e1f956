import { basename, join } from "node:path";
import { ErthError } from "../../../errors.ts";
import type { Log } from "../../../log.ts";
import type { Clock } from "../../process/clock.ts";
import type { ModelFile } from "./files.ts";
import { freeName } from "../settings/names.ts";

/** What the trash is made of. */
export interface TrashOptions {
  /** The folder of models. */
  folder: string;
  clock: Clock;
  log: Log;
}

/** Long enough to take a removal back, short enough to have the room soon. */
const KEPT_MS = 60_000;
const NAME = ".removed";

/** Files of models that were removed a moment ago, and can be had back. */
export class Trash {
  readonly #options: TrashOptions;
  /** By reference. */
  readonly #removed = new Map<string, { moved: [string, string][]; cancel: () => void }>();

  constructor(options: TrashOptions) {
    this.#options = options;
  }

  /** Takes a model's files out of the folder; in a minute they are gone. */
  async remove({ parts, ref }: ModelFile): Promise<void> {
    const folder = join(this.#options.folder, NAME);
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    const names = new Set([...Deno.readDirSync(folder)].map(({ name }) => name));
    const moved: [string, string][] = [];
    for (const from of parts) {
      const name = freeName(basename(from), (it) => names.has(it));
      names.add(name);
      try {
        await Deno.rename(from, join(folder, name));
        moved.push([from, join(folder, name)]);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    const cancel = this.#options.clock.after(KEPT_MS, () => {
      // Another file of that name may have been removed since.
      if (this.#removed.get(ref)?.moved === moved) this.#removed.delete(ref);
      for (const [, path] of moved) Deno.remove(path).catch(() => {});
    });
    this.#removed.set(ref, { moved, cancel });
    this.#options.log.info("model.removed", { ref });
  }

  /**
   * Puts a model's files back.
   *
   * @throws {ErthError} `MODEL_NOT_FOUND` if they are gone, `MODEL_EXISTS` if their place is taken.
   */
  async restore(ref: string): Promise<void> {
    const removed = this.#removed.get(ref);
    if (removed === undefined) throw new ErthError("MODEL_NOT_FOUND", ref);
    for (const [place] of removed.moved) {
      const taken = await Deno.stat(place).then(() => true, () => false);
      if (taken) throw new ErthError("MODEL_EXISTS", place);
    }
    removed.cancel();
    this.#removed.delete(ref);
    for (const [place, path] of removed.moved) await Deno.rename(path, place);
  }

  /** Deletes what an earlier run left in it. */
  async clean(): Promise<void> {
    const folder = join(this.#options.folder, NAME);
    try {
      for await (const { name } of Deno.readDir(folder)) {
        const path = join(folder, name);
        const kept = [...this.#removed.values()].flatMap(({ moved }) => moved);
        if (!kept.some(([, own]) => own === path)) await Deno.remove(path);
      }
    } catch {
      // There is none.
    }
  }
}
