import type { Log } from "../../log.ts";
import { Breaker, type Policy } from "./breaker.ts";
import { type Clock, type Pause, pause, within } from "./clock.ts";

/** What a running service tells of itself. */
export type Change =
  /** It answers; `details` go to the log. The first time only. */
  | { readonly type: "ready"; readonly details?: Record<string, unknown> }
  /** An answer is late. */
  | { readonly type: "busy" }
  /** It answers in time again. */
  | { readonly type: "recovered" }
  /** Its token was replaced; `id` is the new one's public name. */
  | { readonly type: "rotated"; readonly id: string };

/** How a generation ended. */
export interface Exit {
  /** For a person: "Killed by SIGKILL", "No answer to 3 probes in a row". */
  readonly reason: string;
  /** A code of the error catalogue that names the cause, if the service knew one. */
  readonly code?: string;
  /** Whether another try can't help. */
  readonly hopeless?: boolean;
  /** Whether somebody else killed it. */
  readonly killed?: boolean;
  /** Its last words, oldest first. */
  readonly tail?: readonly string[];
}

/** Takes what a generation reports. */
export interface Reporter {
  /** 1 for the first run, one more for each further one. */
  readonly generation: number;
  report(change: Change): void;
}

/** Whatever can be started, ends by itself or on request, and can be started again. */
export interface Service {
  readonly name: string;
  /**
   * Runs one generation. Resolves when nothing of it is left, whatever the reason; the supervisor
   * never starts the next one earlier. A rejection counts as a death.
   *
   * @param signal Aborted when the service has to end.
   */
  serve(signal: AbortSignal, reporter: Reporter): Promise<Exit>;
}

/** One transition of a supervised service. Times and delays in milliseconds. */
export type SupervisorEvent =
  & { readonly time: number; readonly name: string; readonly generation: number }
  & (
    | { readonly type: "starting" }
    | Change
    | {
      readonly type: "dead";
      readonly reason: string;
      readonly code?: string;
      /** Whether it had answered before. */
      readonly answered: boolean;
      /** Since it was started. */
      readonly lived: number;
    }
    | { readonly type: "backoff"; readonly delay: number }
    | {
      readonly type: "breaker-open";
      readonly cause: string;
      readonly code?: string;
      readonly tail: readonly string[];
      readonly trialIn: number;
    }
    /** The open breaker lets one try through. */
    | { readonly type: "trial" }
    | { readonly type: "breaker-closed"; readonly by: "answer" | "retry" }
    | { readonly type: "stopping" }
    /** `clean` is false if the service outlived its deadline. */
    | { readonly type: "stopped"; readonly clean: boolean }
  );

/** What a supervisor is made of. */
export interface SupervisorOptions {
  readonly service: Service;
  readonly clock: Clock;
  /** Gives a number from 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
  /** Hears every transition, in order. */
  readonly onEvent?: (event: SupervisorEvent) => void;
  readonly policy?: Partial<Policy>;
}

type Detail<E> = E extends unknown ? Omit<E, "time" | "name" | "generation"> : never;

const WARNINGS: readonly SupervisorEvent["type"][] = ["dead", "busy", "breaker-open"];

/**
 * Keeps one service running: restarts it, slows down, gives up for a while, tries again. Or runs it
 * once, if its policy knows no restart.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #breaker: Breaker;
  readonly #ending = new AbortController();
  #generation = 0;
  #loop: Promise<void> | undefined;
  #pause: Pause | undefined;
  #stopped: Promise<void> | undefined;
  #last: Exit | undefined;

  /** @throws {RangeError} If a number of the policy makes no sense. */
  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#breaker = new Breaker(options.random, options.policy);
  }

  /** Starts the first generation; does nothing if that was done before or it was stopped. */
  start(): void {
    if (this.#ending.signal.aborted) return;
    this.#loop ??= this.#run();
  }

  /**
   * Starts it and resolves when it is over: stopped, or dead where the policy knows no restart.
   *
   * @returns how its last generation ended; undefined if it was stopped before there was one.
   */
  async run(): Promise<Exit | undefined> {
    this.start();
    await this.#loop;
    return this.#last;
  }

  /** Closes the breaker and cuts a pause short. While a generation runs, it does nothing. */
  retry(): void {
    if (this.#pause === undefined) return;
    const wasOpen = this.#breaker.open;
    this.#breaker.reset();
    if (wasOpen) this.#tell({ type: "breaker-closed", by: "retry" });
    this.#pause.cut();
  }

  /**
   * Ends the service and starts no other. May be called again; all calls end together.
   *
   * @param deadline Milliseconds after which it resolves even if the service hasn't ended.
   */
  stop(deadline = 2_500): Promise<void> {
    this.#stopped ??= this.#end(deadline);
    return this.#stopped;
  }

  async #end(deadline: number): Promise<void> {
    this.#tell({ type: "stopping" });
    this.#ending.abort();
    this.#pause?.cut();
    const clean = await within(this.#options.clock, deadline, this.#loop ?? Promise.resolve());
    this.#tell({ type: "stopped", clean });
  }

  async #run(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      const { exit, answered, lived } = await this.#serve();
      this.#last = exit;
      if (this.#ending.signal.aborted) return;
      this.#tell({ type: "dead", reason: exit.reason, code: exit.code, answered, lived });
      const now = this.#options.clock.monotonic();
      const verdict = this.#breaker.died(now, { ...exit, answered });
      if (verdict.next === "end") return;
      if (verdict.next === "open") await this.#wait(verdict.trialIn, exit);
      else if (verdict.delay > 0) await this.#wait(verdict.delay);
    }
  }

  /** Runs one generation to its end. */
  async #serve(): Promise<{ exit: Exit; answered: boolean; lived: number }> {
    const { service, clock } = this.#options;
    const generation = ++this.#generation;
    const started = clock.monotonic();
    let answered = false;
    let over = false;
    this.#tell({ type: "starting" });
    const report = (change: Change) => {
      if (over) return;
      if (change.type === "ready") {
        if (answered) return;
        answered = true;
        const wasOpen = this.#breaker.open;
        this.#breaker.answered();
        this.#tell(change);
        if (wasOpen) this.#tell({ type: "breaker-closed", by: "answer" });
      } else this.#tell(change);
    };
    const exit = await this.#attempt(() =>
      service.serve(this.#ending.signal, { generation, report })
    );
    over = true;
    return { exit, answered, lived: clock.monotonic() - started };
  }

  async #attempt(serve: () => Promise<Exit>): Promise<Exit> {
    try {
      return await serve();
    } catch (error) {
      return { reason: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Waits `ms`, or until `retry` or `stop`; `cause` is given where the breaker opened. */
  async #wait(ms: number, cause?: Exit): Promise<void> {
    this.#pause = pause(this.#options.clock, ms);
    if (cause === undefined) this.#tell({ type: "backoff", delay: ms });
    else {
      const { reason, code, tail = [] } = cause;
      this.#tell({ type: "breaker-open", cause: reason, code, tail, trialIn: ms });
    }
    await this.#pause.over;
    this.#pause = undefined;
    if (this.#breaker.open && !this.#ending.signal.aborted) this.#tell({ type: "trial" });
  }

  #tell(detail: Detail<SupervisorEvent>): void {
    const { service: { name }, clock, log, onEvent } = this.#options;
    const base = { time: clock.now(), name, generation: this.#generation };
    const { type, ...rest } = detail;
    const fields = { generation: base.generation, ...rest, tail: undefined };
    const given = Object.entries(fields).filter(([, value]) => value !== undefined);
    log[WARNINGS.includes(type) ? "warn" : "info"](`${name}.${type}`, Object.fromEntries(given));
    try {
      onEvent?.({ ...base, ...detail } as SupervisorEvent);
    } catch (error) {
      log.error("supervisor.listener", { error });
    }
  }
}
