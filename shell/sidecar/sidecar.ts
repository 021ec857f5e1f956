import { asErthError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import {
  Child,
  type Command,
  type Graces,
  KILLED,
  type Spawn,
  spawnProcess,
} from "../process/child.ts";
import type { Clock } from "../process/clock.ts";
import type { Death, Upstream } from "../gateway/hold.ts";
import { parseObject, Quota, Tail } from "../process/lines.ts";
import {
  type Changed,
  type Fatal,
  type Greeting,
  isHopeless,
  type ModelWish,
  type Word,
  wordOf,
} from "./messages.ts";
import type { Exit, Reporter, Service } from "../process/supervisor.ts";
import { mintToken, type Token } from "../process/token.ts";
import { Watchdog, type WatchdogOptions } from "../process/watchdog.ts";

/** A generation that answers. */
export interface LiveSidecar extends Upstream {
  readonly pid: number;
  readonly version: string;
  /** Probes at once; resolves with whether it answered, false once it is taken for dead. */
  suspect(): Promise<boolean>;
}

/** Times in milliseconds. */
export interface SidecarTimes {
  /** From start to the ready line. */
  readonly grace: number;
  /** From one token to the next. */
  readonly rotation: number;
  /** How long a replaced token still counts. */
  readonly oldToken: number;
  /** How long a sidecar that can't go on, or went mute, may take to exit. */
  readonly farewell: number;
  /** When Erth ends. */
  readonly stop: Graces;
  /** When the sidecar hangs: it won't hear the stop line anyway. */
  readonly hung: Graces;
  /** The watchdog's own, where they differ from its defaults. */
  readonly probe: Pick<WatchdogOptions, "interval" | "deadline" | "suspicion">;
}

/** What the sidecar service is made of. */
export interface SidecarOptions {
  /** Asked before each generation, so that a damaged copy can be put right first. */
  readonly command: (signal: AbortSignal) => Command | Promise<Command>;
  readonly greeting: () => Greeting;
  readonly clock: Clock;
  readonly log: Log;
  /** It answers: requests may go there. */
  readonly onReady: (sidecar: LiveSidecar) => void;
  /** It ends, or has ended: no new request must go there. */
  readonly onLost?: (sidecar: LiveSidecar, reason: string) => void;
  /** Its process is reaped. */
  readonly onGone: (sidecar: LiveSidecar, reason: string) => void;
  readonly onChanged: (changed: Changed) => void;
  readonly onWish?: (wish: ModelWish) => void;
  readonly spawn?: Spawn;
  readonly fetch?: typeof fetch;
  readonly times?: Partial<SidecarTimes>;
}

type ServiceOptions = SidecarOptions & { times: SidecarTimes };

const TIMES: SidecarTimes = {
  grace: 30_000,
  rotation: 15 * 60_000,
  oldToken: 30_000,
  farewell: 1_000,
  stop: { stop: 800, term: 500 },
  hung: { stop: 200, term: 200 },
  probe: {},
};
const TAIL = 200;
const LOG_LINES = 1_000;
const LOG_PERIOD_MS = 10_000;
const LONGEST_WORDS = 500;
const LONGEST_NAME = 128;
const STOPPED = "Stopped as asked";

/** The Python sidecar as a supervised service; speaks the greeting of `docs/contracts.md`. */
export class SidecarService implements Service {
  readonly name = "sidecar";
  readonly #options: ServiceOptions;
  readonly #tail = new Tail(TAIL);
  #run: Generation | undefined;

  constructor(options: SidecarOptions) {
    this.#options = { ...options, times: { ...TIMES, ...options.times } };
  }

  /** The last 200 lines that any generation wrote to standard error, oldest first. */
  tail(): readonly string[] {
    return this.#tail.lines();
  }

  /** Sends a line to the running generation; those to come learn of it by their greeting. */
  tell(line: Record<string, unknown>): void {
    this.#run?.tell(line);
  }

  /** Runs one sidecar process; resolves when it is reaped and its pipes are empty. */
  async serve(signal: AbortSignal, reporter: Reporter): Promise<Exit> {
    let run: Generation;
    try {
      const command = await this.#options.command(signal);
      if (signal.aborted) return { reason: STOPPED };
      run = new Generation(this.#options, command, reporter, this.#tail);
    } catch (error) {
      const { code, detail, message } = asErthError(error, "SIDECAR_BROKEN");
      const reason = `Cannot start: ${detail || message}`;
      return { reason, code, hopeless: isHopeless(code), tail: this.#tail.lines() };
    }
    this.#run = run;
    return await run.live(signal).finally(() => this.#run = undefined);
  }
}

/** One process from its start to its end. */
class Generation {
  readonly #options: ServiceOptions;
  readonly #reporter: Reporter;
  readonly #tail: Tail;
  readonly #child: Child;
  readonly #condemned = Promise.withResolvers<{ reason: string; graces: Graces }>();
  readonly #gone = Promise.withResolvers<Death>();
  readonly #timers = new Set<() => void>();
  #cancelGrace = () => {};
  #ending = false;
  /** In use; and with it, in the order of their making, all whose proof counts. */
  #token = mintToken();
  #tokens: readonly Token[] = [this.#token];
  #live: LiveSidecar | undefined;
  #watchdog: Watchdog | undefined;
  #fatal: Fatal | undefined;
  #garbage = 0;
  readonly tell = (line: Record<string, unknown>) => this.#child.send(line);

  constructor(options: ServiceOptions, command: Command, reporter: Reporter, tail: Tail) {
    const { spawn = spawnProcess, clock, log } = options;
    this.#options = options;
    this.#reporter = reporter;
    this.#tail = tail;
    const quota = new Quota(LOG_LINES, LOG_PERIOD_MS, clock);
    this.#child = new Child(
      spawn(command),
      clock,
      (line, cut) => this.#hear(line, cut),
      (line) => {
        tail.add(line);
        if (quota.spend()) log.info("sidecar.log", { generation: reporter.generation, line });
      },
    );
  }

  async live(signal: AbortSignal): Promise<Exit> {
    const { greeting, times } = this.#options;
    const stop = () => this.#condemn(STOPPED, times.stop);
    signal.addEventListener("abort", stop, { once: true });
    this.#child.send({ ...greeting(), token: this.#token.text });
    this.#cancelGrace = this.#after(
      times.grace,
      () => this.#condemn(`Not ready within ${times.grace / 1000} s`),
    );
    this.#child.mute.then(() => {
      this.#after(times.farewell, () => this.#condemn("Closed its output and lived on"));
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
    signal.removeEventListener("abort", stop);
    await this.#child.release();
    const reason = this.#fatal?.message ?? condemned?.reason ?? end;
    const killed = condemned === undefined && end === KILLED;
    this.#gone.resolve({ killed });
    if (this.#live !== undefined) this.#options.onGone(this.#live, reason);
    const code = this.#fatal?.code;
    return { reason, code, hopeless: isHopeless(code), killed, tail: this.#tail.lines() };
  }

  /** Passes the sentence that the process has to end; the first reason stays. */
  #condemn(reason: string, graces = this.#options.times.hung): void {
    this.#condemned.resolve({ reason, graces });
  }

  /** Takes the generation out of use. */
  #standDown(reason: string): void {
    if (this.#ending) return;
    this.#ending = true;
    for (const cancel of this.#timers) cancel();
    this.#watchdog?.stop();
    if (this.#live !== undefined) this.#options.onLost?.(this.#live, reason);
  }

  #after(ms: number, run: () => void): () => void {
    if (this.#ending) return () => {};
    const cancel = this.#options.clock.after(ms, () => {
      this.#timers.delete(cancel);
      run();
    });
    this.#timers.add(cancel);
    return cancel;
  }

  #hear(text: string, cut: boolean): void {
    const line = cut ? undefined : parseObject(text);
    if (line === undefined) {
      if (this.#garbage++ === 0) {
        this.#options.log.warn("sidecar.garbage", { length: text.length, cut });
      }
      this.#tail.add(text.slice(0, LONGEST_WORDS));
    } else if (line.ready === true) this.#ready(line);
    else this.#heed(wordOf(line));
  }

  #heed({ changed, wish, fatal }: Word): void {
    if (changed !== undefined) this.#options.onChanged(changed);
    if (wish !== undefined) this.#options.onWish?.(wish);
    if (fatal === undefined) return;
    this.#fatal ??= fatal;
    this.#after(this.#options.times.farewell, () => this.#condemn(fatal.message));
  }

  #ready({ port, version }: Record<string, unknown>): void {
    if (this.#live !== undefined || this.#ending) return;
    if (typeof port !== "number" || !Number.isInteger(port) || port < 1 || port > 65535) {
      return this.#condemn(`Announced a port that is none: ${JSON.stringify(port)}`);
    }
    this.#cancelGrace();
    const { generation } = this.#reporter;
    const { pid } = this.#child;
    this.#live = {
      generation,
      pid,
      port,
      version: String(version).slice(0, LONGEST_NAME),
      token: () => this.#token.text,
      gone: this.#gone.promise,
      suspect: () => this.#watchdog?.suspect() ?? Promise.resolve(false),
    };
    this.#watch(port);
    this.#after(this.#options.times.rotation, () => this.#rotate());
    this.#reporter.report({ type: "ready", details: { pid, port, token: this.#token.id } });
    this.#options.onReady(this.#live);
  }

  #watch(port: number): void {
    const { clock, log, fetch, times } = this.#options;
    this.#watchdog = new Watchdog({
      ...times.probe,
      port,
      secrets: () => this.#tokens.map((token) => token.secret),
      onProof: (secret) => this.#proved(secret),
      onBusy: () => this.#reporter.report({ type: "busy" }),
      onRecovered: () => this.#reporter.report({ type: "recovered" }),
      onDead: (reason) => this.#condemn(reason),
      clock,
      log,
      fetch,
    });
  }

  /** Hands the sidecar its next token; requests use it once a probe proves that it has arrived. */
  #rotate(): void {
    const next = mintToken();
    this.#tokens = [...this.#tokens, next];
    this.#child.send({ token: next.text });
    this.#after(this.#options.times.rotation, () => this.#rotate());
  }

  #proved(secret: string): void {
    const proved = this.#tokens.findIndex((token) => token.secret === secret);
    const token = this.#tokens[proved];
    if (token === undefined || proved <= this.#tokens.indexOf(this.#token)) return;
    this.#token = token;
    this.#reporter.report({ type: "rotated", id: token.id });
    this.#after(this.#options.times.oldToken, () => {
      this.#tokens = this.#tokens.slice(this.#tokens.indexOf(token));
    });
  }
}
