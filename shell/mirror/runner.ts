import type { MirrorProbe } from "../../db/remote/answers.ts";
import type { MirrorMessage, MirrorStart, MirrorState } from "../../db/mirror/messages.ts";
import { type Clock, within } from "../process/clock.ts";
import type { Change } from "../gateway/events.ts";
import type { MirrorLog } from "./log.ts";
import { unknownState } from "./report.ts";
import { MirrorThread, type MirrorWorker } from "./thread.ts";

/** What the runner is made of. */
export interface MirrorRunnerOptions {
  spawn: () => MirrorWorker;
  log: MirrorLog;
  clock: Clock;
  random: () => number;
  /** The state is another. */
  onState: (state: MirrorState) => void;
  /** Rows came from elsewhere. */
  onChanged: (changes: readonly Change[]) => void;
}

const RESTART_MS = 1_000;
const LONGEST_RESTART_MS = 60_000;
const PROBE_END_MS = 2_000;
/** Longer than the thread gathers states for. */
const STATE_MS = 400;
/** As much of the time to end goes to a first round that isn't done yet. */
const FIRST_ROUND = 0.6;

/** Keeps a thread that mirrors alive: one that dies is followed by another after a pause. */
export class MirrorRunner {
  readonly #options: MirrorRunnerOptions;
  #start: MirrorStart | undefined;
  #thread: MirrorThread | undefined;
  #state: MirrorState;
  #front = false;
  #deaths = 0;
  #cancelRestart: (() => void) | undefined;
  /** The state after this one. */
  #next = Promise.withResolvers<void>();

  constructor(options: MirrorRunnerOptions) {
    this.#options = options;
    this.#state = this.#unknown();
  }

  /** How the mirror stands, as far as is known. */
  get state(): MirrorState {
    return this.#state;
  }

  /** The thread; one that isn't there, although it should be, is started at once. */
  get thread(): MirrorThread | undefined {
    this.#cancelRestart?.();
    this.#cancelRestart = undefined;
    if (this.#start !== undefined) this.#thread ??= this.#spawn(this.#start);
    return this.#thread;
  }

  /** Starts mirroring, if that hasn't happened yet. */
  start(start: MirrorStart): void {
    if (this.#start !== undefined) return;
    this.#start = start;
    this.#thread = this.#spawn(start);
  }

  /** What a database at an address holds; see `MirrorThread.probe`. */
  async probe(start: MirrorStart): Promise<MirrorProbe> {
    const nobody = { onMessage: () => {}, onDead: () => {} };
    const thread = new MirrorThread(this.#options.spawn(), this.#options.clock, nobody);
    try {
      return await thread.probe(start);
    } finally {
      void thread.stop(PROBE_END_MS);
    }
  }

  /** Something was committed here. */
  committed(): void {
    this.#thread?.tell({ order: "committed" });
  }

  /** Whether a page is in sight. */
  front(front: boolean): void {
    if (front === this.#front) return;
    this.#front = front;
    this.#thread?.tell({ order: "front", front });
  }

  /** Resolves when it is known how the mirror stands, or after `ms` milliseconds. */
  async settled(ms: number): Promise<void> {
    const { clock } = this.#options;
    for (const end = clock.monotonic() + ms; this.#state.phase === "connecting";) {
      const left = end - clock.monotonic();
      if (left <= 0) return;
      await within(clock, left, this.#next.promise);
    }
  }

  /**
   * Brings everything up to date.
   *
   * @returns the state after that.
   */
  async now(thread: MirrorThread): Promise<MirrorState> {
    const before = this.#state;
    await thread.now();
    // The thread's answers are quicker than its states, which it gathers.
    if (this.#state === before || this.#state.phase !== "current") {
      await within(this.#options.clock, STATE_MS, this.#next.promise);
    }
    return this.#state;
  }

  /** Ends in order within `ms` milliseconds: what waits is sent, if that is possible at once. */
  async stop(ms: number): Promise<void> {
    this.#cancelRestart?.();
    const thread = this.#thread;
    this.#start = this.#thread = this.#cancelRestart = undefined;
    const end = this.#options.clock.monotonic() + ms;
    if (thread !== undefined && this.#state.phase === "connecting") {
      // A command that ended at once: what it wrote gets its chance.
      await within(this.#options.clock, ms * FIRST_ROUND, thread.now());
    }
    await thread?.stop(end - this.#options.clock.monotonic());
    this.#changeState(this.#unknown());
  }

  #spawn(start: MirrorStart): MirrorThread {
    const { clock, spawn } = this.#options;
    const thread: MirrorThread = new MirrorThread(spawn(), clock, {
      onMessage: (message) => thread === this.#thread && this.#hear(message),
      onDead: (reason) => thread === this.#thread && this.#died(reason),
    });
    thread.start(start);
    if (this.#front) thread.tell({ order: "front", front: true });
    return thread;
  }

  #hear(message: MirrorMessage): void {
    const { log, onChanged } = this.#options;
    if (message.message === "changed") onChanged(message.changes);
    else if (message.message === "log") log.write(message.level, message.event, message.details);
    else if (message.message === "state") {
      const { state } = message;
      log.follow(state);
      if (state.phase === "current") {
        this.#deaths = 0;
        // What the start allowed has happened.
        if (this.#start !== undefined) this.#start = { ...this.#start, merge: false };
      }
      this.#changeState(state);
    }
  }

  #died(reason: string): void {
    const { clock, log, random } = this.#options;
    this.#thread = undefined;
    log.write("error", "mirror.died", { reason });
    const longest = Math.min(LONGEST_RESTART_MS, RESTART_MS * 2 ** this.#deaths++);
    this.#cancelRestart = clock.after(longest * (1 - random() / 2), () => void this.thread);
    this.#changeState(this.#unknown({ code: "INTERNAL", detail: reason }));
  }

  #changeState(state: MirrorState): void {
    this.#state = state;
    this.#next.resolve();
    this.#next = Promise.withResolvers();
    this.#options.onState(state);
  }

  #unknown(error?: MirrorState["error"]): MirrorState {
    return unknownState(new Date(this.#options.clock.now()).toISOString(), error);
  }
}
