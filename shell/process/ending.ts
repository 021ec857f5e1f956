import type { Log } from "../../log.ts";
import { type Clock, within } from "./clock.ts";

/** One step of an end. */
export interface Phase {
  /** For the log. */
  readonly name: string;
  /** After so many milliseconds the next phase begins, whatever becomes of this one. */
  readonly limit: number;
  run(): unknown;
}

/**
 * Ends something phase by phase. One that fails or takes too long doesn't keep the next from its
 * turn; the log says so.
 */
export async function endInPhases(phases: readonly Phase[], clock: Clock, log: Log): Promise<void> {
  for (const { name, limit, run } of phases) {
    const work = Promise.try(run);
    const failed = work.catch((error) => log.warn("ending.failed", { phase: name, error }));
    if (!await within(clock, limit, failed)) log.warn("ending.late", { phase: name, limit });
  }
}
