import { asErthError, isErrorCode } from "../../../errors.ts";
import type { Log } from "../../../log.ts";
import type { Command, Spawn } from "../../process/child.ts";
import type { Clock } from "../../process/clock.ts";
import { LineProcess, type LineProcessTimes, STOPPED } from "../../process/line_process.ts";
import { Tail } from "../../process/lines.ts";
import { Probe } from "../../process/probe.ts";
import type { Exit, Reporter, Service } from "../../process/supervisor.ts";
import { askHealth } from "./health.ts";
import type { ModelFailure } from "./state.ts";

/** The first line on the model process's standard input, but for the key. */
export interface ModelOrder {
  /** Of the first part. */
  readonly path: string;
  /** All parts, to be read through. */
  readonly files: readonly string[];
  /** Tokens of each conversation. */
  readonly context: number;
  readonly slots: number;
  readonly threads: number;
}

/** A model that answers. */
export interface LiveModel {
  readonly pid: number;
  /** Without a slash at the end; `/chat/completions` follows. */
  readonly url: string;
  readonly key: string;
}

/** Times in milliseconds; the grace is without a word while it loads. */
export interface ModelTimes extends LineProcessTimes {
  /** From one look at its health to the next. */
  readonly probe: number;
}

/** What one run of a model is made of. */
export interface ModelServiceOptions {
  /** How the process is started, and the folder with llama.cpp. */
  readonly command: (
    signal: AbortSignal,
  ) => Promise<{ command: Command; library?: string }>;
  readonly order: ModelOrder;
  readonly clock: Clock;
  readonly log: Log;
  /** How far it is, 0 to 1. */
  readonly onProgress: (progress: number) => void;
  readonly onReady: (model: LiveModel) => void;
  /** What its process holds of the memory, in bytes. */
  readonly onMemory: (bytes: number) => void;
  readonly spawn?: Spawn;
  readonly times?: Partial<ModelTimes>;
}

const TIMES: ModelTimes = {
  // llama.cpp says nothing while it takes the weights, and a slow disk has 20 GB to give.
  grace: 10 * 60_000,
  // Long enough for a machine on which every core computes.
  probe: 5_000,
  farewell: 1_000,
  stop: { stop: 150, term: 150 },
  hung: { stop: 0, term: 100 },
};
const TAIL = 50;
const LONGEST_WORDS = 500;
/** Of this process's server; the key is asked for everywhere below it. */
const PATH = "/model";
/** `0.00.006.816 E llama_model_load: error loading model: …` */
const LLAMA_ERROR = /^[\d.]+ E\s+/;

/** A GGUF file in llama.cpp as a service: one process, which `docs/contracts.md` describes. */
export class ModelService implements Service {
  readonly name = "model";
  readonly #options: ModelServiceOptions;

  constructor(options: ModelServiceOptions) {
    this.#options = options;
  }

  /** Runs one process; resolves when it is reaped and its pipes are empty. */
  async serve(signal: AbortSignal, reporter: Reporter): Promise<Exit> {
    let run: Run;
    try {
      const { command, library } = await this.#options.command(signal);
      if (signal.aborted) return { reason: STOPPED };
      run = new Run(this.#options, command, reporter);
      return await run.live(signal, library);
    } catch (error) {
      if (signal.aborted) return { reason: STOPPED };
      const { code, detail, message } = asErthError(error, "MODEL_REFUSED");
      return { reason: detail || message, code, hopeless: true };
    }
  }
}

/** One process from its start to its end. */
class Run {
  readonly #options: ModelServiceOptions;
  readonly #times: ModelTimes;
  readonly #reporter: Reporter;
  readonly #process: LineProcess;
  readonly #tail = new Tail(TAIL);
  readonly #key = crypto.randomUUID() + crypto.randomUUID();
  #probe: Probe | undefined;
  #fatal: ModelFailure | undefined;

  constructor(options: ModelServiceOptions, command: Command, reporter: Reporter) {
    const { clock, log, spawn } = options;
    this.#options = options;
    this.#times = { ...TIMES, ...options.times };
    this.#reporter = reporter;
    this.#process = new LineProcess({
      name: "model",
      generation: reporter.generation,
      command,
      spawn,
      times: this.#times,
      tail: this.#tail,
      clock,
      log,
      onLine: (line) => this.#hear(line),
      onEnding: () => this.#probe?.stop(),
    });
  }

  async live(signal: AbortSignal, library: string | undefined): Promise<Exit> {
    const greeting = {
      ...this.#options.order,
      key: this.#key,
      ...library !== undefined && { library },
    };
    const { killed, reason } = await this.#process.live(signal, greeting);
    const tail = this.#tail.lines();
    if (this.#fatal === undefined) return { reason, code: "MODEL_CRASHED", killed, tail };
    const { code, detail } = reasonOf(tail) ?? this.#fatal;
    return { reason: detail, code, hopeless: true, tail };
  }

  #hear(line: Record<string, unknown>): void {
    if (line.event === "fatal") {
      const code = isErrorCode(line.code) ? line.code : "MODEL_REFUSED";
      const detail = String(line.message ?? code).slice(0, LONGEST_WORDS);
      this.#fatal ??= { code, detail };
      this.#process.letGo(detail);
    } else if (this.#process.ending) return;
    else if (line.ready === true) this.#ready(line);
    else if (typeof line.memory === "number") this.#options.onMemory(line.memory);
    else if (typeof line.progress === "number") {
      if (this.#probe === undefined) this.#process.progress();
      this.#options.onProgress(Math.min(1, Math.max(0, line.progress)));
    }
  }

  #ready(line: Record<string, unknown>): void {
    if (this.#probe !== undefined) return;
    const port = this.#process.ready(line.port);
    if (port === undefined) return;
    const { clock, log } = this.#options;
    const { pid } = this.#process;
    const key = this.#key;
    this.#probe = new Probe({
      name: "model",
      ask: (signal) => askHealth({ port, path: `${PATH}/health`, key }, signal),
      onDead: (reason) => this.#process.condemn(reason),
      interval: this.#times.probe,
      clock,
      log,
    });
    this.#reporter.report({ type: "ready", details: { pid, port } });
    this.#options.onReady({ pid, url: `http://127.0.0.1:${port}${PATH}/v1`, key });
  }
}

/** What llama.cpp itself found wrong: its first word of an error, without its decoration. */
function reasonOf(tail: readonly string[]): ModelFailure | undefined {
  const line = tail.find((line) => LLAMA_ERROR.test(line));
  if (line === undefined) return undefined;
  const detail = line.replace(LLAMA_ERROR, "").replace(/\s+/g, " ")
    .replace(/^(\w+ )?\w+: /, "").replace(/^(error loading model( \w+)?: )+/, "");
  const memory = tail.some((line) => /fail\w* to allocate|unable to allocate|bad_alloc/.test(line));
  const structure = line.includes("gguf_init") ? "MODEL_DAMAGED" : "MODEL_REFUSED";
  const code = memory ? "MODEL_TOO_LARGE" : structure;
  return { code, detail: detail.slice(0, LONGEST_WORDS) };
}

/** How a run that nobody ended is told to a person. */
export function failureOf(exit: Exit): ModelFailure {
  if (exit.killed) {
    return {
      code: "MODEL_CRASHED",
      detail: "The system, or somebody else, ended it: perhaps there was no memory left",
    };
  }
  const last = exit.tail?.findLast((line) => /GGML_ASSERT|terminate called|what\(\)/.test(line));
  // Where its builders keep their sources is no news to anybody.
  const detail = last === undefined ? exit.reason : `${exit.reason}: ${last.replace(/^\S*\//, "")}`;
  const code = exit.code ?? "MODEL_CRASHED";
  return { code, detail: detail.slice(0, LONGEST_WORDS) };
}
