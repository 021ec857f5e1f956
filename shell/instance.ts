import { join } from "node:path";
import { ErthError } from "../errors.ts";

/** How other commands reach the running instance; the content of `instance.json`, mode 0600. */
export interface Running {
  /** The address with prefix and slash. */
  url: string;
  /** The bearer token of scripts. */
  token: string;
  pid: number;
  version: string;
}

const LOCK_WAIT_MS = 150;

/**
 * The right to use a data folder: an advisory lock that the system lets go of when the process
 * ends, however it ends.
 */
export class Instance {
  readonly #file: Deno.FsFile;
  readonly #card: string;

  private constructor(file: Deno.FsFile, card: string) {
    this.#file = file;
    this.#card = card;
  }

  /**
   * Takes the data folder, making it if need be; `undefined` if another process has it.
   *
   * @throws {ErthError} `STORE_READ_ONLY` if it can't be written to, `STORE_FULL` if the disk is.
   */
  static async claim(data: string): Promise<Instance | undefined> {
    const file = openLock(data);
    let timer = 0;
    // There is no try-lock: a lock that is free is had at once, so a short wait tells.
    const locked = file.lock(true);
    const taken = await Promise.race([
      locked.then(() => true),
      new Promise<false>((resolve) => timer = setTimeout(resolve, LOCK_WAIT_MS, false)),
    ]);
    clearTimeout(timer);
    if (taken) return new Instance(file, join(data, "instance.json"));
    void locked.finally(() => file.close());
    return undefined;
  }

  /** Tells other commands how to reach this instance. */
  static publish(data: string, running: Running): void {
    const card = join(data, "instance.json");
    const draft = `${card}.new`;
    Deno.writeTextFileSync(draft, JSON.stringify(running), { mode: 0o600 });
    Deno.renameSync(draft, card);
  }

  /**
   * How to reach the instance that has the folder; `undefined` if it hasn't said so yet.
   */
  static async find(data: string): Promise<Running | undefined> {
    try {
      return JSON.parse(await Deno.readTextFile(join(data, "instance.json")));
    } catch {
      return undefined;
    }
  }

  /** Gives the folder back. */
  [Symbol.dispose](): void {
    try {
      Deno.removeSync(this.#card);
    } catch {
      // It was never published, or the folder is gone: either way nobody can be misled by it.
    }
    this.#file.close();
  }
}

function openLock(data: string): Deno.FsFile {
  try {
    Deno.mkdirSync(data, { recursive: true, mode: 0o700 });
    return Deno.openSync(join(data, "erth.lock"), { create: true, write: true, mode: 0o600 });
  } catch (error) {
    const full = error instanceof Error && /ENOSPC|os error 28/.test(error.message);
    throw new ErthError(full ? "STORE_FULL" : "STORE_READ_ONLY", `${data}: ${error}`);
  }
}
