import type { Log } from "../../log.ts";
import type { Clock } from "../process/clock.ts";

/** What bounds connections without a session. */
export interface Bounds {
  /** How long one may stay so, in milliseconds. */
  life: number;
  /** How many of another account may stay so. */
  each: number;
  /** How long each may stay so in any case, in milliseconds: its request may be on its way. */
  grace: number;
}

/** Plenty for browsers, which open some ahead and leave them idle. */
export const DEFAULT_BOUNDS: Bounds = { life: 10_000, each: 32, grace: 1_000 };

/** What the bounds are held with. */
export interface ConnectionsOptions {
  bounds: Bounds;
  /** Whose connections these are, by address; `undefined` if the system doesn't tell. */
  findUids: () => Promise<Map<string, number> | undefined>;
  /** Our own account: it has nothing to gain, and keys to all. */
  ownUid: number | null;
  clock: Clock;
  log: Log;
}

/** How often is looked: mostly, and while there are more than one account may have. */
const CALM_MS = 1_000, CROWDED_MS = 100;
/** A crowd fills no log: one line each so many milliseconds. */
const QUIET_MS = 10_000;

interface Unproven {
  since: number;
  end: () => void;
}

/**
 * Ends connections that show no session: after a time, and the oldest of an account that has too
 * many. So one account's crowd costs another none of its own. With a session they are no longer
 * known here.
 */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #unproven = new Map<string, Unproven>();
  /** How long it is until the next look. */
  #pause: number | undefined;
  #isLooking = false;
  #look = Promise.resolve();
  #closed = false;
  #cancel = () => {};
  #said = -Infinity;
  #ended = 0;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** How many show no session yet. */
  get unproven(): number {
    return this.#unproven.size;
  }

  /**
   * A connection that has just been made.
   *
   * @param address Of the other end, with its port.
   * @param end Ends it.
   * @returns Forgets it, as it showed a session or has ended; not another one that has got its
   * address since, as who breaks off can have at once.
   */
  add(address: string, end: () => void): () => void {
    const connection = { since: this.#options.clock.monotonic(), end };
    // Anew, so that the youngest is last.
    this.#unproven.delete(address);
    this.#unproven.set(address, connection);
    this.#watch();
    return () => {
      if (this.#unproven.get(address) === connection) this.#unproven.delete(address);
    };
  }

  /** Looks at none any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.#look;
  }

  #watch(): void {
    if (this.#closed || this.#isLooking || this.#unproven.size === 0) return;
    const pause = this.#isCrowded ? CROWDED_MS : CALM_MS;
    if (this.#pause !== undefined && this.#pause <= pause) return;
    this.#cancel();
    this.#pause = pause;
    this.#cancel = this.#options.clock.after(pause, () => this.#look = this.#lookNow());
  }

  get #isCrowded(): boolean {
    return this.#unproven.size > this.#options.bounds.each;
  }

  async #lookNow(): Promise<void> {
    this.#isLooking = true;
    this.#pause = undefined;
    const { bounds, clock, log } = this.#options;
    try {
      const oldest = clock.monotonic() - bounds.life;
      for (const [address, { since }] of this.#unproven) {
        if (since <= oldest) this.#end(address);
      }
      if (this.#isCrowded) this.#thin(await this.#options.findUids());
    } catch (error) {
      log.error("connections.unwatched", { error });
    }
    if (this.#ended > 0 && clock.monotonic() - this.#said >= QUIET_MS) {
      log.info("connections.ended", { count: this.#ended });
      this.#said = clock.monotonic();
      this.#ended = 0;
    }
    this.#isLooking = false;
    this.#watch();
  }

  /** Ends the oldest of each account that has too many; those nobody can be named for are one. */
  #thin(uids: Map<string, number> | undefined): void {
    const { bounds, clock, ownUid } = this.#options;
    const youngest = clock.monotonic() - bounds.grace;
    const accounts = Map.groupBy(this.#unproven, ([address]) => uids?.get(address));
    for (const [uid, connections] of accounts) {
      if (uid !== undefined && uid === ownUid) continue;
      const surplus = Math.max(0, connections.length - bounds.each);
      for (const [address, { since }] of connections.slice(0, surplus)) {
        if (since <= youngest) this.#end(address);
      }
    }
  }

  #end(address: string): void {
    const connection = this.#unproven.get(address);
    this.#unproven.delete(address);
    this.#ended++;
    connection?.end();
  }
}
