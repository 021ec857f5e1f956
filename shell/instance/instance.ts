import { delay } from "@std/async/delay";
import { join } from "node:path";
import { ErthError, isDiskFull } from "../../errors.ts";
import { readCard, type Running, withdrawCard } from "./card.ts";
import { type FileLock, tryLock } from "./flock.ts";

/** Who has a data folder. */
export type Claim =
  /** This process, from now on. */
  | { state: "mine"; instance: Instance }
  /** An instance that has proved itself. */
  | { state: "running"; running: Running }
  /** Somebody who doesn't answer (yet, or any more): an instance that starts, ends or hangs. */
  | { state: "busy" }
  /** Nobody can have it: why. */
  | { state: "unwritable"; error: ErthError };

const POLL_MS = 50;
const PATIENCE_MS = 30_000;
const LOCK = "erth.lock";

/**
 * The right to use a data folder: an advisory lock that the system lets go of when the process
 * ends, however it ends.
 */
export class Instance implements AsyncDisposable {
  readonly #data: string;
  readonly #lock: FileLock;

  private constructor(data: string, lock: FileLock) {
    this.#data = data;
    this.#lock = lock;
    // Left by an instance that was killed: now nobody is to be reached there.
    withdrawCard(data);
  }

  /** Takes the data folder, making it if need be, or tells at once who has it. */
  static async claim(data: string): Promise<Claim> {
    try {
      const lock = await lockFolder(data);
      if (lock !== undefined) return { state: "mine", instance: new Instance(data, lock) };
    } catch (error) {
      if (error instanceof ErthError) return { state: "unwritable", error };
      throw error;
    }
    // Most starts find the folder free, and need none of this.
    const { provesItself } = await import("./proof.ts");
    const running = await readCard(data);
    if (running === undefined || !await provesItself(running)) return { state: "busy" };
    return { state: "running", running };
  }

  /**
   * Takes the data folder, or tells how to reach the instance that has it; waits for one that
   * starts or ends.
   *
   * @param patience How long, in milliseconds.
   * @throws {ErthError} `DATA_IN_USE` after that, `STORE_READ_ONLY` if the folder can't be written
   * to, `STORE_FULL` if the disk is full.
   */
  static async claimOrFind(data: string, patience = PATIENCE_MS): Promise<Instance | Running> {
    for (const end = performance.now() + patience;; await delay(POLL_MS)) {
      const claim = await Instance.claim(data);
      if (claim.state === "mine") return claim.instance;
      if (claim.state === "running") return claim.running;
      if (claim.state === "unwritable") throw claim.error;
      if (performance.now() >= end) {
        throw new ErthError("DATA_IN_USE", `${data}: its owner doesn't say how to reach it`);
      }
    }
  }

  /** How to reach the instance that has the folder; `undefined` if there is none that answers. */
  static async find(data: string): Promise<Running | undefined> {
    const running = await readCard(data);
    if (running === undefined) return undefined;
    const claim = await Instance.claim(data);
    // A card that somebody left behind: nobody is there.
    if (claim.state === "mine") await claim.instance[Symbol.asyncDispose]();
    return claim.state === "running" ? claim.running : undefined;
  }

  /** Gives the folder back. */
  async [Symbol.asyncDispose](): Promise<void> {
    withdrawCard(this.#data);
    await this.#lock.release();
  }
}

async function lockFolder(data: string): Promise<FileLock | undefined> {
  try {
    Deno.mkdirSync(data, { recursive: true, mode: 0o700 });
    const path = join(data, LOCK);
    Deno.openSync(path, { create: true, write: true, mode: 0o600 }).close();
    return await tryLock(path);
  } catch (error) {
    // Windows: whoever has it shares it with nobody.
    if (error instanceof Deno.errors.Busy) return undefined;
    const code = isDiskFull(error) ? "STORE_FULL" : "STORE_READ_ONLY";
    throw new ErthError(code, `${data}: ${error}`);
  }
}
