/** Time as it is handed to whatever waits, so that a test needs no waiting. */
export interface Clock {
  /** Milliseconds since 1970: the wall clock, which may be set back. For dates that people read. */
  now(): number;
  /** Milliseconds since some moment, and never fewer than before: durations are measured by it. */
  monotonic(): number;
  /** Calls `run` once after `ms` milliseconds; the function it returns cancels that. */
  after(ms: number, run: () => void): () => void;
}

/** The real clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** A pause that `cut` ends early; either way it leaves no timer behind. */
export interface Pause {
  readonly over: Promise<void>;
  cut(): void;
}

/** Starts a pause of `ms` milliseconds. */
export function pause(clock: Clock, ms: number): Pause {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(ms, resolve);
  const cut = () => {
    cancel();
    resolve();
  };
  return { over: promise, cut };
}

/**
 * Waits for `work`, but no longer than `ms` milliseconds; with `systemClock` where no clock is
 * handed in. (`deadline` of `@std/async` rejects instead, and its timer runs on.)
 *
 * @returns Whether `work` ended in time. A rejection of `work` counts as an end.
 */
export async function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<boolean> {
  const limit = pause(clock, ms);
  try {
    return await Promise.race([
      work.then(() => true, () => true),
      limit.over.then(() => false),
    ]);
  } finally {
    limit.cut();
  }
}
