/** The numbers of the restart policy; times in milliseconds. */
export interface Policy {
  /** Whether a generation that died is followed by another at all. */
  restarts: boolean;
  /** So many generations in a row that died before their first answer open the breaker. */
  failures: number;
  /** What a start that was killed from elsewhere counts as: it says little of the next one. */
  killed: number;
  /** A failure that comes later than this after the one before begins a new row. */
  window: number;
  /** The pause after the first failure; it doubles with each further one. */
  firstDelay: number;
  /** The longest pause between two tries while the breaker is closed. */
  longestDelay: number;
  /** Part of a pause that chance may take away, 0 to 1. */
  jitter: number;
  /** The failures that count towards the pause halve in this time. */
  halfLife: number;
  /** The open breaker lets one try through after this; each try that fails doubles it. */
  firstTrial: number;
  longestTrial: number;
  /** More deaths of answering generations than this within `loopWindow` slow the restarts down. */
  loopDeaths: number;
  loopWindow: number;
  loopDelay: number;
}

/** What a supervisor uses unless told otherwise. */
export const DEFAULT_POLICY: Policy = {
  restarts: true,
  failures: 5,
  killed: 0.1,
  window: 60_000,
  firstDelay: 250,
  longestDelay: 10_000,
  jitter: 0.5,
  halfLife: 30_000,
  firstTrial: 30_000,
  longestTrial: 600_000,
  loopDeaths: 20,
  loopWindow: 10_000,
  loopDelay: 500,
};

/** How a generation ended. */
export interface Death {
  /** Whether it had answered before. */
  readonly answered?: boolean;
  /** Whether another try can't help; opens the breaker at once. */
  readonly hopeless?: boolean;
  /** Whether somebody else killed it. */
  readonly killed?: boolean;
}

/**
 * What follows a death: a restart after `delay` ms (0: at once), no restart but a trial later, or
 * nothing more.
 */
export type Verdict =
  | { readonly next: "end" }
  | { readonly next: "restart"; readonly delay: number }
  | { readonly next: "open"; readonly trialIn: number };

/**
 * Decides when a service that died is started again. Knows neither timers nor processes.
 *
 * A generation that had answered is replaced at once. One that died before its first answer counts:
 * the pauses grow, and `failures` of them in a row open the breaker.
 */
export class Breaker {
  readonly #policy: Policy;
  readonly #random: () => number;
  #inARow = 0;
  #weight = 0;
  #lastFailure = 0;
  #trials = 0;
  #open = false;
  #deaths: number[] = [];

  /**
   * @param random Gives a number from 0 up to 1.
   * @throws {RangeError} If a number of the policy makes no sense.
   */
  constructor(random: () => number, policy: Partial<Policy> = {}) {
    this.#policy = { ...DEFAULT_POLICY, ...policy };
    this.#random = random;
    const { failures, jitter } = this.#policy;
    if (!(failures >= 1)) {
      throw new RangeError(`Cannot supervise as 'failures' must be 1 or more: it is ${failures}`);
    }
    if (!(jitter >= 0 && jitter <= 1)) {
      throw new RangeError(`Cannot supervise as 'jitter' must be between 0 and 1: it is ${jitter}`);
    }
  }

  /** Whether the service is given up for now. */
  get open(): boolean {
    return this.#open;
  }

  /** A generation answered for the first time: the row is broken, the breaker closed. */
  answered(): void {
    this.reset();
    this.#trials = 0;
  }

  /** A person asks for another try: counting starts anew. */
  reset(): void {
    this.#inARow = 0;
    this.#weight = 0;
    this.#open = false;
  }

  /** A generation died at `now`. */
  died(now: number, { answered, hopeless, killed }: Death): Verdict {
    if (!this.#policy.restarts) return { next: "end" };
    if (answered && !hopeless) return { next: "restart", delay: this.#loopDelay(now) };
    const { failures, window, firstDelay, longestDelay, halfLife } = this.#policy;
    const since = Math.abs(now - this.#lastFailure);
    const counts = killed ? this.#policy.killed : 1;
    this.#inARow = since <= window ? this.#inARow + counts : counts;
    this.#weight = this.#weight * Math.pow(0.5, since / halfLife) + counts;
    this.#lastFailure = now;
    if (this.#open || hopeless || this.#inARow >= failures) return this.#trip();
    const delay = Math.min(longestDelay, firstDelay * Math.pow(2, this.#weight - 1));
    return { next: "restart", delay: this.#jittered(delay) };
  }

  #trip(): Verdict {
    const { firstTrial, longestTrial } = this.#policy;
    const trialIn = Math.min(longestTrial, firstTrial * Math.pow(2, this.#trials));
    this.#open = true;
    this.#trials += 1;
    return { next: "open", trialIn: this.#jittered(trialIn) };
  }

  #loopDelay(now: number): number {
    const { loopDeaths, loopWindow, loopDelay } = this.#policy;
    this.#deaths = this.#deaths.filter((time) => Math.abs(now - time) < loopWindow);
    this.#deaths.push(now);
    return this.#deaths.length > loopDeaths ? this.#jittered(loopDelay) : 0;
  }

  #jittered(ms: number): number {
    return Math.round(ms * (1 - this.#policy.jitter * this.#random()));
  }
}
