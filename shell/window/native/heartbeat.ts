/** How often the window looks, in milliseconds. */
export const HEARTBEAT_MS = 500;

/** Looks without a beat until the backend counts as stopped: 5 seconds. */
const PATIENCE = 10;

/**
 * Watches a counter that the backend moves. Time is told by the ticks themselves, not by a clock:
 * a machine that slept has ticked once, so its sleep isn't taken for silence.
 */
export class Heartbeat {
  readonly #counter: Int32Array<SharedArrayBuffer>;
  #last: number;
  #silent = 0;

  constructor(counter: SharedArrayBuffer) {
    this.#counter = new Int32Array(counter);
    this.#last = Atomics.load(this.#counter, 0);
  }

  /** To be called every `HEARTBEAT_MS`. What has just changed, once. */
  tick(): "stopped" | "back" | undefined {
    const count = Atomics.load(this.#counter, 0);
    if (count === this.#last) return ++this.#silent === PATIENCE ? "stopped" : undefined;
    const wasStopped = this.#silent >= PATIENCE;
    this.#last = count;
    this.#silent = 0;
    return wasStopped ? "back" : undefined;
  }
}
