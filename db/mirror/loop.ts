import { asErthError, ErthError } from "../../errors.ts";
import type { Mirror } from "./mirror.ts";
import { FileWatch } from "./file_watch.ts";
import { backoff, follow, sleep } from "./listener.ts";
import type { MirrorPhase, MirrorState } from "./messages.ts";
import type { Remote } from "../remote/remote.ts";
import type { Company } from "../remote/answers.ts";
import type { Store } from "../store/store.ts";

/** How often the remote is asked where it can't be listened to, in milliseconds. */
const POLL_MS = {
  /** Another device wrote within the last half minute. */
  lively: 500,
  /** A page is in sight. */
  front: 3_000,
  idle: 60_000,
};
const LIVELY_MS = 30_000;

/** Commits within this time travel together. */
const GATHER_MS = 30;

/** How often, and after what pause, another writer is waited for before that counts as a failure. */
const BUSY = { times: 20, pause: 100 };
/** A mirror that only a person can help looks once in a while whether one has. */
const STOPPED_MS = 10 * 60_000;
const REPORT_MS = { moved: 5_000, front: 60_000, idle: 15 * 60_000 };
const HOURLY_MS = 60 * 60_000;
/** States within this time are told as one. */
const STATE_MS = 150;
const LAST_SYNC_MS = 1_500;

/** Only a person can help. */
const STOPPING = /^MIRROR_(AUTH|QUOTA|SCHEMA_NEWER|FOREIGN|REMOTE_SWAPPED)$/;

/** What the loop drives, and whom it tells. */
export interface LoopOptions {
  mirror: Mirror;
  remote: Remote;
  store: Store;
  tell: (state: MirrorState) => void;
  /** Resolves after so many milliseconds, or at the signal. */
  wait?: typeof sleep;
  /** Milliseconds of a clock that nobody sets. */
  now?: () => number;
}

/** Decides when the mirror runs: at news from either side, at intervals, and after a failure later. */
export class MirrorLoop {
  readonly #options: Required<LoopOptions>;
  readonly #watch: FileWatch;
  readonly #ending = new AbortController();
  #wake = new AbortController();
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
  #busy = 0;
  #committedAt: number | undefined;
  #lastNews = -Infinity;
  #asked = -Infinity;
  #reported = { at: -Infinity, head: "" };
  #tidied = -Infinity;
  #retrying = false;
  #telling = false;
  #running: Promise<void> | undefined;
  readonly #calls: PromiseWithResolvers<void>[] = [];

  constructor(options: LoopOptions) {
    this.#options = { wait: sleep, now: () => performance.now(), ...options };
    this.#watch = new FileWatch({
      ...options,
      onCommit: () => this.committed(),
      onResume: () => {
        this.#failures = 0;
        this.news();
      },
    });
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
      wait: this.#options.wait,
    });
    void this.#watch.run(this.#ending.signal);
  }

  /** Something was committed here. */
  committed(): void {
    this.#committedAt ??= this.#options.now();
    // What failed is tried again in its own time, however much is written meanwhile.
    if (this.#error === undefined) this.#wake.abort();
  }

  /** The remote has, or may have, something new. */
  news(): void {
    this.#hasNews = true;
    this.#wake.abort();
  }

  /** Another device has just written: more may follow. */
  lively(): void {
    this.#lastNews = this.#options.now();
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
    this.#ending.abort();
    this.#wake.abort();
    const late = new AbortController();
    // A request may hang: what it was for is done at the next start.
    const tooLate = this.#options.wait(LAST_SYNC_MS, late.signal);
    await Promise.race([this.#finish(late.signal), tooLate]);
    late.abort();
    for (const call of this.#calls.splice(0)) {
      call.reject(new ErthError("MIRROR_OFFLINE", "The mirror was stopped"));
    }
  }

  async #finish(late: AbortSignal): Promise<void> {
    await this.#running;
    if (this.#phase !== "current" && this.#phase !== "behind") return;
    await this.#options.mirror.sync(late, false).catch(() => {});
  }

  /** Told again, as something that it shows has changed. */
  tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    void this.#tellSoon();
  }

  async #tellSoon(): Promise<void> {
    const { signal } = this.#ending;
    await this.#options.wait(STATE_MS, signal);
    this.#telling = false;
    if (signal.aborted) return;
    try {
      this.#options.tell(this.#state());
    } catch (error) {
      // What else may be wrong with the file the next round finds out.
      if (asErthError(error).code === "STORE_BUSY") this.tell();
    }
  }

  /** How far a long fetch is. */
  progress(done: number, total: number): void {
    this.#progress = { done, total };
    if (total > 2_000 && this.#phase !== "loading") this.#enter("loading");
    this.tell();
  }

  async #run(): Promise<void> {
    const { wait } = this.#options;
    const { signal } = this.#ending;
    while (!signal.aborted) {
      const began = this.#committedAt;
      if (began !== undefined) await wait(GATHER_MS, signal);
      this.#wake = new AbortController();
      const pause = await this.#round(began);
      if (!signal.aborted) await wait(pause, this.#wake.signal);
    }
  }

  /** One round, and how long to wait for the next if nothing happens. */
  async #round(began: number | undefined): Promise<number> {
    const { mirror, now } = this.#options;
    const { signal } = this.#ending;
    const [hasNews, calls] = [this.#hasNews, this.#calls.splice(0)];
    this.#hasNews = false;
    this.#committedAt = undefined;
    // What was committed until now goes into this round.
    this.#watch.look();
    if (this.#phase === "current" && began !== undefined) this.#enter("behind");
    try {
      if (this.#retrying) await mirror.retryAside();
      this.#retrying = false;
      const asks = hasNews || this.#isUnsure(mirror.outbox.pending);
      if (asks) this.#asked = now();
      await mirror.sync(signal, asks);
      this.#failures = this.#busy = 0;
      this.#error = this.#progress = undefined;
      this.#upToDate = new Date().toISOString();
      if (began !== undefined) this.#freshness = now() - began;
      this.#enter("current");
      const due = await this.#tidy();
      // Whoever asked sees what it came to.
      if (calls.length > 0) this.#options.tell(this.#state());
      for (const call of calls) call.resolve();
      return Math.max(0, Math.min(due, this.#asked + this.#pollPause() - now()));
    } catch (thrown) {
      const error = asErthError(thrown);
      this.#committedAt ??= began;
      this.#hasNews = true;
      if (signal.aborted || (error.code === "STORE_BUSY" && ++this.#busy < BUSY.times)) {
        this.#calls.push(...calls);
        return BUSY.pause;
      }
      this.#error = error;
      this.#enter(STOPPING.test(error.code) ? "stopped" : "offline");
      for (const call of calls) call.reject(error);
      if (this.#phase === "stopped") return STOPPED_MS;
      return backoff(this.#failures++);
    }
  }

  /** Whether there may be news of which nobody told. */
  #isUnsure(pending: number): boolean {
    if (this.#phase !== "current" && this.#phase !== "behind") return true;
    // Who sends without knowing all is refused, and has to ask then.
    if (pending > 0 && !this.#listening) return true;
    return this.#options.now() - this.#asked >= this.#pollPause();
  }

  #pollPause(): number {
    if (this.#listening) return POLL_MS.idle;
    if (this.#options.now() - this.#lastNews < LIVELY_MS) return POLL_MS.lively;
    return this.#front ? POLL_MS.front : POLL_MS.idle;
  }

  /**
   * Says how far this device is, and throws away what nobody needs any more.
   *
   * @returns milliseconds until this is to be done again.
   */
  async #tidy(): Promise<number> {
    const { mirror, now } = this.#options;
    const head = mirror.books.position?.head ?? "";
    const age = now() - this.#reported.at;
    const idle = this.#front ? REPORT_MS.front : REPORT_MS.idle;
    const due = head === this.#reported.head ? idle : REPORT_MS.moved;
    if (age < due) return due - age;
    this.#reported = { at: now(), head };
    this.#company = await mirror.report();
    this.tell();
    if (now() - this.#tidied > HOURLY_MS) {
      this.#tidied = now();
      this.#retrying = true;
      await mirror.trim();
    }
    return idle;
  }

  #enter(phase: MirrorPhase): void {
    if (phase !== this.#phase) this.#since = new Date().toISOString();
    this.#phase = phase;
    this.tell();
  }

  #state(): MirrorState {
    const { mirror } = this.#options;
    const own = mirror.books.device;
    const pending = mirror.outbox.pending;
    return {
      phase: this.#phase === "current" && pending > 0 ? "behind" : this.#phase,
      since: this.#since,
      upToDate: this.#upToDate,
      pending,
      progress: this.#progress,
      error: this.#error && { code: this.#error.code, detail: this.#error.detail },
      notices: mirror.books.notices,
      aside: mirror.outbox.aside,
      devices: mirror.devices.map((device) => ({ ...device, own: device.id === own })),
      freshness: this.#freshness,
      listening: this.#listening,
      sizes: { pending, tombstones: 0, batches: 0, ...this.#company?.sizes },
    };
  }
}
