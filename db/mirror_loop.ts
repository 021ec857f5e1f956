import { asErthError, ErthError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Mirror } from "./mirror.ts";
import { follow, sleep } from "./mirror_listener.ts";
import type { MirrorPhase, MirrorState } from "./mirror_messages.ts";
import type { Remote } from "./remote.ts";
import type { Company } from "./remote_answers.ts";
import type { Store } from "./store.ts";

/** How often the remote is asked where it can't be listened to, in milliseconds. */
const POLL_MS = {
  /** Another device wrote within the last half minute. */
  lively: 500,
  /** A page is in sight. */
  front: 3_000,
  idle: 60_000,
};
const LIVELY_MS = 30_000;

/** How often this database is asked whether somebody wrote, who didn't say so. */
const LOOK_MS = 400;
/** A pause longer than this was a suspend: everything may have changed. */
const SUSPENDED_MS = 5_000;
/** Commits within this time travel together. */
const GATHER_MS = 30;

const BACKOFF_MS = { first: 500, most: 60_000 };
const BUSY_MS = 100;
/** A mirror that only a person can help looks once in a while whether one has. */
const STOPPED_MS = 10 * 60_000;
const REPORT_MS = { moved: 5_000, idle: 15 * 60_000 };
const HOURLY_MS = 60 * 60_000;
const STATE_MS = 150;
const LAST_SYNC_MS = 1_500;

const STOPPING: readonly string[] = [
  "MIRROR_AUTH",
  "MIRROR_QUOTA",
  "MIRROR_SCHEMA_NEWER",
  "MIRROR_FOREIGN",
  "MIRROR_REMOTE_SWAPPED",
];

/** What the loop drives, and whom it tells. */
export interface LoopOptions {
  mirror: Mirror;
  remote: Remote;
  store: Store;
  log: Log;
  tell: (state: MirrorState) => void;
}

/** Decides when the mirror runs: at news from either side, at intervals, and after a failure later. */
export class MirrorLoop {
  readonly #options: LoopOptions;
  readonly #ending = new AbortController();
  #wake = Promise.withResolvers<void>();
  #phase: MirrorPhase = "connecting";
  #since = new Date().toISOString();
  #error: ErthError | undefined;
  #upToDate: string | undefined;
  #progress: MirrorState["progress"];
  #company: Company | undefined;
  #freshness: number | undefined;
  #listening = false;
  #front = false;
  #hasNews = true;
  #failures = 0;
  #committedAt: number | undefined;
  #lastNews = 0;
  #dataVersion: number | undefined;
  #reported = { at: 0, head: "" };
  #tidied = 0;
  #retrying = false;
  #telling = 0;
  #running: Promise<void> | undefined;
  readonly #calls: PromiseWithResolvers<void>[] = [];

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  /** Begins; returns at once. */
  start(): void {
    this.#running = this.#run();
    void follow({
      remote: this.#options.remote,
      signal: this.#ending.signal,
      isReachable: () => this.#phase === "current" || this.#phase === "behind",
      onListening: (listening) => this.#listening = listening,
      onNews: () => this.news(),
    });
    void this.#look();
  }

  /** Something was committed here. */
  committed(): void {
    this.#committedAt ??= Date.now();
    this.#wake.resolve();
  }

  /** The remote has, or may have, something new. */
  news(): void {
    this.#hasNews = true;
    this.#wake.resolve();
  }

  /** Another device has just written: more may follow. */
  lively(): void {
    this.#lastNews = Date.now();
  }

  /** Whether a page is in sight. */
  set front(front: boolean) {
    if (front && !this.#front) this.news();
    this.#front = front;
  }

  /** Resolves when both sides are equal, with everything tried again that was set aside. */
  now(): Promise<void> {
    const call = Promise.withResolvers<void>();
    this.#calls.push(call);
    this.#failures = 0;
    this.#retrying = true;
    this.news();
    return call.promise;
  }

  /** Sends what it can within a moment, and ends. */
  async stop(): Promise<void> {
    const { mirror } = this.#options;
    this.#ending.abort();
    this.#wake.resolve();
    await this.#running;
    const late = AbortSignal.timeout(LAST_SYNC_MS);
    if (this.#phase === "current" || this.#phase === "behind") {
      const done = mirror.sync(late, false).catch(() => {});
      await Promise.race([done, sleep(LAST_SYNC_MS, late)]);
    }
    clearTimeout(this.#telling);
  }

  /** Told again, as something that it shows has changed. */
  tell(): void {
    if (this.#telling) return;
    this.#telling = setTimeout(() => {
      this.#telling = 0;
      if (!this.#ending.signal.aborted) this.#options.tell(this.#state());
    }, STATE_MS);
  }

  /** How far a long fetch is. */
  progress(done: number, total: number): void {
    this.#progress = { done, total };
    if (total > 2_000 && this.#phase !== "loading") this.#enter("loading");
    this.tell();
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      const began = this.#committedAt;
      if (began !== undefined) await sleep(GATHER_MS, signal);
      this.#wake = Promise.withResolvers();
      const wait = await this.#round(began);
      if (signal.aborted) break;
      await Promise.race([this.#wake.promise, sleep(wait, signal)]);
      // Whatever woke it: without listening, each round asks.
      if (!this.#listening) this.#hasNews = true;
    }
  }

  /** One round, and how long to wait for the next if nothing happens. */
  async #round(began: number | undefined): Promise<number> {
    const { mirror, log } = this.#options;
    const { signal } = this.#ending;
    const [hasNews, calls] = [this.#hasNews, this.#calls.splice(0)];
    this.#hasNews = false;
    this.#committedAt = undefined;
    if (this.#phase === "current" && began !== undefined) this.#enter("behind");
    try {
      if (this.#retrying) await mirror.retryAside();
      this.#retrying = false;
      await mirror.sync(signal, hasNews || this.#phase !== "current" && this.#phase !== "behind");
      if (this.#error) log.info("mirror.recovered", { after: this.#error.code });
      this.#failures = 0;
      this.#error = this.#progress = undefined;
      this.#upToDate = new Date().toISOString();
      if (began !== undefined) this.#freshness = Date.now() - began;
      this.#enter("current");
      const due = await this.#tidy();
      // Whoever asked sees what it came to.
      if (calls.length > 0) this.#options.tell(this.#state());
      for (const call of calls) call.resolve();
      return Math.min(due, this.#listening ? POLL_MS.idle : this.#pollPause());
    } catch (thrown) {
      if (signal.aborted) return 0;
      const error = asErthError(thrown);
      this.#committedAt ??= began;
      this.#hasNews = true;
      if (error.code === "STORE_BUSY" && this.#failures < 20) {
        this.#failures++;
        this.#calls.push(...calls);
        return BUSY_MS;
      }
      if (this.#error?.code !== error.code) {
        log.warn("mirror.failed", { code: error.code, detail: error.detail });
      }
      this.#error = error;
      this.#enter(STOPPING.includes(error.code) ? "stopped" : "offline");
      for (const call of calls) call.reject(error);
      if (this.#phase === "stopped") return STOPPED_MS;
      const pause = Math.min(BACKOFF_MS.first * 2 ** this.#failures++, BACKOFF_MS.most);
      return pause * (0.5 + Math.random() / 2);
    }
  }

  #pollPause(): number {
    if (Date.now() - this.#lastNews < LIVELY_MS) return POLL_MS.lively;
    return this.#front ? POLL_MS.front : POLL_MS.idle;
  }

  /**
   * Says how far this device is, and throws away what nobody needs any more.
   *
   * @returns milliseconds until this is to be done again.
   */
  async #tidy(): Promise<number> {
    const { mirror, remote } = this.#options;
    const head = mirror.books.position?.head ?? "";
    const age = Date.now() - this.#reported.at;
    const due = head === this.#reported.head ? REPORT_MS.idle : REPORT_MS.moved;
    if (age < due) return due - age;
    this.#reported = { at: Date.now(), head };
    this.#company = await mirror.report();
    this.tell();
    if (Date.now() - this.#tidied > HOURLY_MS) {
      this.#tidied = Date.now();
      this.#retrying = true;
      await remote.trim();
    }
    return REPORT_MS.idle;
  }

  /** Notices commits of others who use the file, and that the computer slept. */
  async #look(): Promise<void> {
    const { signal } = this.#ending;
    for (let last = Date.now(); !signal.aborted; last = Date.now()) {
      await sleep(LOOK_MS, signal);
      if (Date.now() - last > SUSPENDED_MS) {
        this.#failures = 0;
        this.news();
      }
      if (!signal.aborted && this.#committedAt === undefined && this.#hasCommits()) {
        this.committed();
      }
    }
  }

  #hasCommits(): boolean {
    const before = this.#dataVersion;
    try {
      const [row] = this.#options.store.rows<{ data_version: number }>("PRAGMA data_version");
      this.#dataVersion = row!.data_version;
    } catch {
      // The next round meets the same failure, and says so.
    }
    return before !== undefined && before !== this.#dataVersion;
  }

  #enter(phase: MirrorPhase): void {
    if (phase !== this.#phase) this.#since = new Date().toISOString();
    this.#phase = phase;
    this.tell();
  }

  #state(): MirrorState {
    const { mirror, store } = this.#options;
    const own = mirror.books.device;
    const pending = mirror.outbox.pending;
    const aside = store.rows<Record<"tbl", string> & MirrorState["aside"][number]>(
      "SELECT tbl, id, direction, code, reason, at FROM mirror_aside LIMIT 100",
    );
    return {
      phase: this.#phase === "current" && pending > 0 ? "behind" : this.#phase,
      since: this.#since,
      upToDate: this.#upToDate,
      pending,
      progress: this.#progress,
      error: this.#error && { code: this.#error.code, detail: this.#error.detail },
      notices: mirror.books.notices,
      aside: aside.map(({ tbl, ...row }) => ({ ...row, table: tbl })),
      devices: mirror.devices.map((device) => ({ ...device, own: device.id === own })),
      freshness: this.#freshness,
      listening: this.#listening,
      sizes: { pending, tombstones: 0, batches: 0, ...this.#company?.sizes },
    };
  }
}
