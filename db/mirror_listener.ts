import { asErthError } from "../errors.ts";
import type { Remote } from "./remote.ts";

const BACKOFF_MS = { first: 500, most: 60_000 };
/** A server that doesn't tell news may be another one later. */
const UNTOLD_MS = 10 * 60_000;

/** Whom to listen to, and whom to tell. */
export interface Following {
  remote: Remote;
  signal: AbortSignal;
  /** Whether it makes sense to try. */
  isReachable: () => boolean;
  onListening: (listening: boolean) => void;
  onNews: () => void;
}

/** Follows the remote's own news, if it tells them, over and over until the signal. */
export async function follow(
  { remote, signal, isReachable, onListening, onNews }: Following,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    let pause = BACKOFF_MS.first;
    if (isReachable()) {
      pause = Math.min(BACKOFF_MS.first * 2 ** failures++, BACKOFF_MS.most);
      let listened = false;
      try {
        await remote.listen(signal, () => {
          failures = 0;
          if (!listened) onListening(listened = true);
          onNews();
        });
      } catch (error) {
        if (asErthError(error).code === "NOT_FOUND") pause = UNTOLD_MS;
      }
      // What happened since it broke off would go unheard.
      if (listened) onListening(false);
      if (listened) onNews();
    }
    await sleep(pause, signal);
  }
}

/** Resolves after `ms` milliseconds, or at once when the signal comes. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}
