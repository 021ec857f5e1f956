import type { Log } from "../../log.ts";
import { Child, type Command, type Graces, KILLED, type Spawn, spawnProcess } from "./child.ts";
import type { Clock } from "./clock.ts";
import { parseObject, Quota, type Tail } from "./lines.ts";

/** How long a process may take, in milliseconds. */
export interface LineProcessTimes {
  /** From start to the ready line, or from one sign of progress to the next. */
  readonly grace: number;
  /** How long one that can't go on, or went mute, may take to exit. */
  readonly farewell: number;
  /** When Erth ends it. */
  readonly stop: Graces;
  /** When it hangs: it won't hear the stop line anyway. */
  readonly hung: Graces;
}

/** What a process is started and heard with. */
export interface LineProcessOptions {
  /** For the log: `NAME.log`, `NAME.garbage`, `NAME.fault`. */
  readonly name: string;
  readonly generation: number;
  readonly command: Command;
  readonly spawn?: Spawn;
  readonly times: LineProcessTimes;
  /** Keeps the last lines of its standard error. */
  readonly tail: Tail;
  readonly clock: Clock;
  readonly log: Log;
  /** Takes each line of standard output that is a JSON object, also those of its last moments. */
  readonly onLine: (line: Record<string, unknown>) => void;
  /** It ends, or has ended: it is out of use. */
  readonly onEnding: (reason: string) => void;
}

/** How a process ended. */
export interface End {
  /** Why it was condemned, else how it ended by itself. */
  readonly reason: string;
  /** Whether somebody else killed it. */
  readonly killed: boolean;
}

/** The reason where nothing is wrong. */
export const STOPPED = "Stopped as asked";

const LOG_LINES = 1_000;
const LOG_PERIOD_MS = 10_000;
const LONGEST_LOGGED = 2_000;
const LONGEST_WORDS = 500;

/**
 * A child process that speaks JSON lines, from its start to its end: it has a grace until it says
 * that it is ready, may be condemned, and is over when it is reaped and its pipes are empty.
 */
export class LineProcess {
  /** Writes one line to its standard input. */
  readonly send: (line: Record<string, unknown>) => void;
  readonly pid: number;
  readonly #options: LineProcessOptions;
  readonly #child: Child;
  readonly #condemned = Promise.withResolvers<{ reason: string; graces: Graces }>();
  readonly #timers = new Set<() => void>();
  #cancelGrace = () => {};
  #ending = false;
  #garbage = 0;

  /** @throws what `spawnProcess` throws: it can't be started. */
  constructor(options: LineProcessOptions) {
    const { clock, command, generation, log, name, spawn = spawnProcess, tail } = options;
    this.#options = options;
    const quota = new Quota(LOG_LINES, LOG_PERIOD_MS, clock);
    this.#child = new Child(spawn(command), clock, {
      onLine: (line, cut) => this.#hear(line, cut),
      onLog: (line) => {
        tail.add(line);
        const told = line.slice(0, LONGEST_LOGGED);
        if (quota.spend()) log.info(`${name}.log`, { generation, line: told });
      },
      onFault: (error) => log.error(`${name}.fault`, { generation, error }),
    });
    this.pid = this.#child.pid;
    this.send = (line) => this.#child.send(line);
  }

  /** Whether it is out of use, or was asked to end. */
  get ending(): boolean {
    return this.#ending;
  }

  /**
   * Greets it and lives with it to its end. To be called once.
   *
   * @param signal Aborted when it has to end.
   */
  async live(signal: AbortSignal, greeting: Record<string, unknown>): Promise<End> {
    const { farewell, stop } = this.#options.times;
    const onAbort = () => this.condemn(STOPPED, stop);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    this.send(greeting);
    this.progress();
    this.#child.mute.then(() => {
      this.after(farewell, () => this.condemn("Closed its output and lived on"));
    });
    const condemned = await Promise.race([
      this.#condemned.promise,
      this.#child.reaped.then(() => undefined),
    ]);
    if (condemned !== undefined) {
      this.#standDown(condemned.reason);
      await this.#child.end(condemned.graces);
    }
    const end = await this.#child.reaped;
    this.#standDown(end);
    signal.removeEventListener("abort", onAbort);
    await this.#child.release();
    const killed = condemned === undefined && end === KILLED;
    return { reason: condemned?.reason ?? end, killed };
  }

  /** Passes the sentence that the process has to end; the first reason stays. */
  condemn(reason: string, graces = this.#options.times.hung): void {
    this.#condemned.resolve({ reason, graces });
  }

  /** It says itself that it can't go on: it gets a moment to exit. */
  letGo(reason: string): void {
    this.after(this.#options.times.farewell, () => this.condemn(reason));
  }

  /** It isn't ready yet, but gets on: its grace starts anew. */
  progress(): void {
    const { grace } = this.#options.times;
    this.#cancelGrace();
    this.#cancelGrace = this.after(
      grace,
      () => this.condemn(`Not ready within ${grace / 1000} s`),
    );
  }

  /**
   * It says that it is ready: its grace is over.
   *
   * @returns the port that it announced; undefined if it is none, and then it is condemned.
   */
  ready(port: unknown): number | undefined {
    if (typeof port !== "number" || !Number.isInteger(port) || port < 1 || port > 65535) {
      this.condemn(`Announced a port that is none: ${JSON.stringify(port)}`);
      return undefined;
    }
    this.#cancelGrace();
    return port;
  }

  /** Runs something later, unless it ends before; the function it returns cancels that. */
  after(ms: number, run: () => void): () => void {
    if (this.#ending) return () => {};
    const stop = this.#options.clock.after(ms, () => {
      this.#timers.delete(cancel);
      run();
    });
    const cancel = () => {
      this.#timers.delete(cancel);
      stop();
    };
    this.#timers.add(cancel);
    return cancel;
  }

  /** Takes it out of use. */
  #standDown(reason: string): void {
    if (this.#ending) return;
    this.#ending = true;
    for (const cancel of this.#timers) cancel();
    this.#options.onEnding(reason);
  }

  #hear(text: string, cut: boolean): void {
    const { log, name, onLine, tail } = this.#options;
    const line = cut ? undefined : parseObject(text);
    if (line !== undefined) return onLine(line);
    if (this.#garbage++ === 0) log.warn(`${name}.garbage`, { length: text.length, cut });
    tail.add(text.slice(0, LONGEST_WORDS));
  }
}
