import { asErthError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { Death, Upstream } from "../gateway/hold.ts";
import type { Command, Spawn } from "../process/child.ts";
import type { Clock } from "../process/clock.ts";
import { LineProcess, type LineProcessTimes, STOPPED } from "../process/line_process.ts";
import { Tail } from "../process/lines.ts";
import { Probe, type ProbePolicy } from "../process/probe.ts";
import type { Exit, Reporter, Service } from "../process/supervisor.ts";
import { mintToken, type Token } from "../process/token.ts";
import { askAlive } from "./alive.ts";
import {
  type Changed,
  type Fatal,
  type Greeting,
  isHopeless,
  type ModelWish,
  type Word,
  wordOf,
} from "./messages.ts";

/** A generation that answers. */
export interface LiveSidecar extends Upstream {
  readonly pid: number;
  readonly version: string;
  /** Probes at once; resolves with whether it answered, false once it is taken for dead. */
  suspect(): Promise<boolean>;
}

/** Times in milliseconds. */
export interface SidecarTimes extends LineProcessTimes {
  /** From one token to the next. */
  readonly rotation: number;
  /** How long a replaced token still counts. */
  readonly oldToken: number;
  /** The probe's own, where they differ from its defaults. */
  readonly probe: Partial<ProbePolicy>;
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
const LONGEST_NAME = 128;

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
    this.#run?.process.send(line);
  }

  /** Ends the running generation in order, for a reason that people are told; another one follows. */
  end(reason: string): void {
    this.#run?.process.condemn(reason, this.#options.times.stop);
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

/** One process from its start to its end, with its tokens. */
class Generation {
  readonly process: LineProcess;
  readonly #options: ServiceOptions;
  readonly #reporter: Reporter;
  readonly #tail: Tail;
  readonly #gone = Promise.withResolvers<Death>();
  /** In use; and with it, in the order of their making, all whose proof counts. */
  #token = mintToken();
  #tokens: readonly Token[] = [this.#token];
  #live: LiveSidecar | undefined;
  #probe: Probe<string> | undefined;
  #fatal: Fatal | undefined;

  constructor(options: ServiceOptions, command: Command, reporter: Reporter, tail: Tail) {
    const { clock, log, spawn, times } = options;
    this.#options = options;
    this.#reporter = reporter;
    this.#tail = tail;
    this.process = new LineProcess({
      name: "sidecar",
      generation: reporter.generation,
      command,
      spawn,
      times,
      tail,
      clock,
      log,
      onLine: (line) => line.ready === true ? this.#ready(line) : this.#heed(wordOf(line)),
      onEnding: (reason) => this.#standDown(reason),
    });
  }

  async live(signal: AbortSignal): Promise<Exit> {
    const greeting = { ...this.#options.greeting(), token: this.#token.text };
    const end = await this.process.live(signal, greeting);
    const reason = this.#fatal?.message ?? end.reason;
    this.#gone.resolve({ killed: end.killed });
    if (this.#live !== undefined) this.#options.onGone(this.#live, reason);
    const code = this.#fatal?.code;
    const hopeless = isHopeless(code);
    return { reason, code, hopeless, killed: end.killed, tail: this.#tail.lines() };
  }

  /** Takes the generation out of use. */
  #standDown(reason: string): void {
    this.#probe?.stop();
    if (this.#live !== undefined) this.#options.onLost?.(this.#live, reason);
  }

  #heed({ changed, wish, fatal }: Word): void {
    if (changed !== undefined) this.#options.onChanged(changed);
    if (wish !== undefined) this.#options.onWish?.(wish);
    if (fatal === undefined) return;
    this.#fatal ??= fatal;
    this.process.letGo(fatal.message);
  }

  #ready(line: Record<string, unknown>): void {
    if (this.#live !== undefined || this.process.ending) return;
    const port = this.process.ready(line.port);
    if (port === undefined) return;
    const { generation } = this.#reporter;
    const { pid } = this.process;
    this.#live = {
      generation,
      pid,
      port,
      version: String(line.version).slice(0, LONGEST_NAME),
      token: () => this.#token.text,
      gone: this.#gone.promise,
      suspect: () => this.#probe?.suspect() ?? Promise.resolve(false),
    };
    this.#watch(port);
    this.process.after(this.#options.times.rotation, () => this.#rotate());
    this.#reporter.report({ type: "ready", details: { pid, port, token: this.#token.id } });
    this.#options.onReady(this.#live);
  }

  #watch(port: number): void {
    const { clock, log, fetch, times } = this.#options;
    const secrets = () => this.#tokens.map((token) => token.secret);
    this.#probe = new Probe({
      ...times.probe,
      name: "sidecar",
      ask: (signal) => askAlive({ port, secrets, fetch }, signal),
      onAnswer: (secret) => this.#proved(secret),
      onBusy: () => this.#reporter.report({ type: "busy" }),
      onRecovered: () => this.#reporter.report({ type: "recovered" }),
      onDead: (reason) => this.process.condemn(reason),
      clock,
      log,
    });
  }

  /** Hands the sidecar its next token; requests use it once a probe proves that it has arrived. */
  #rotate(): void {
    const next = mintToken();
    this.#tokens = [...this.#tokens, next];
    this.process.send({ token: next.text });
    this.process.after(this.#options.times.rotation, () => this.#rotate());
  }

  #proved(secret: string): void {
    const proved = this.#tokens.findIndex((token) => token.secret === secret);
    const token = this.#tokens[proved];
    if (token === undefined || proved <= this.#tokens.indexOf(this.#token)) return;
    this.#token = token;
    this.#reporter.report({ type: "rotated", id: token.id });
    this.process.after(this.#options.times.oldToken, () => {
      this.#tokens = this.#tokens.slice(this.#tokens.indexOf(token));
    });
  }
}
