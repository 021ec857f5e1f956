import type { Clock } from "../../process/clock.ts";
import type { Memory } from "./plan.ts";

/** What a watch over an unused model needs. */
export interface IdleWatchOptions {
  clock: Clock;
  memory: () => Memory;
  /** How long it may stay, in milliseconds. */
  idle?: number;
  /** It has to go; says why. */
  onDue: (why: string) => void;
}

const IDLE_MS = 10 * 60_000;
const LOOK_MS = 10_000;
/** Of the memory: below that it goes. */
const SHORT = 0.05;
const SHORT_BYTES = 300 << 20;

/** Tells when a model that nobody uses has to go: after ten minutes, or when memory runs short. */
export class IdleWatch {
  readonly #options: IdleWatchOptions;
  #cancel = () => {};

  constructor(options: IdleWatchOptions) {
    this.#options = options;
  }

  /** From now on nobody uses it. */
  start(): void {
    const { clock, idle = IDLE_MS } = this.#options;
    this.#look(clock.monotonic() + idle);
  }

  /** Somebody uses it, or it is gone. */
  cancel(): void {
    this.#cancel();
  }

  #look(until: number): void {
    this.#cancel();
    const { clock, memory, onDue } = this.#options;
    this.#cancel = clock.after(Math.min(LOOK_MS, Math.max(0, until - clock.monotonic())), () => {
      const { available, total } = memory();
      if (clock.monotonic() >= until) onDue("unused");
      else if (available < Math.max(SHORT * total, SHORT_BYTES)) onDue("memory is short");
      else this.#look(until);
    });
  }
}
