import { join } from "node:path";
import { ErthError, isDiskFull } from "../../errors.ts";

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
const POLL_MS = 50;

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
   * Takes the data folder, making it if need be; or tells how to reach the instance that has it.
   * One that doesn't say so is a command that will soon be done: it is waited for.
   *
   * @param patience How long, in milliseconds.
   * @throws {ErthError} `DATA_IN_USE` after that, `STORE_READ_ONLY` if the folder can't be written
   * to, `STORE_FULL` if the disk is full.
   */
  static async claim(data: string, patience = 30_000): Promise<Instance | Running> {
    const file = openLock(data);
    // There is no try-lock: a lock that is free is had at once, so a short wait tells.
    const locked = file.lock(true).then(() => true);
    const end = Date.now() + patience;
    for (let wait = LOCK_WAIT_MS;; wait = POLL_MS) {
      if (await hadWithin(wait, locked)) return Instance.#take(file, data);
      const running = await Instance.find(data);
      if (running === undefined && Date.now() < end) continue;
      void locked.finally(() => file.close());
      if (running !== undefined) return running;
      throw new ErthError("DATA_IN_USE", `${data}: its owner doesn't say how to reach it`);
    }
  }

  static #take(file: Deno.FsFile, data: string): Instance {
    const card = join(data, "instance.json");
    // Left by an instance that was killed: now nobody is to be reached there.
    removeQuietly(card);
    return new Instance(file, card);
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
    removeQuietly(this.#card);
    this.#file.close();
  }
}

/** Whether the lock was had in time. */
async function hadWithin(ms: number, locked: Promise<boolean>): Promise<boolean> {
  let timer = 0;
  const late = new Promise<boolean>((resolve) => timer = setTimeout(resolve, ms, false));
  try {
    return await Promise.race([locked, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A card that isn't there, in a folder that may be gone, misleads nobody. */
function removeQuietly(card: string): void {
  try {
    Deno.removeSync(card);
  } catch {
    // See above.
  }
}

function openLock(data: string): Deno.FsFile {
  try {
    Deno.mkdirSync(data, { recursive: true, mode: 0o700 });
    return Deno.openSync(join(data, "erth.lock"), { create: true, write: true, mode: 0o600 });
  } catch (error) {
    const code = isDiskFull(error) ? "STORE_FULL" : "STORE_READ_ONLY";
    throw new ErthError(code, `${data}: ${error}`);
  }
}
