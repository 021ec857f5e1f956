import { asErthError } from "../../errors.ts";
import type { Remote } from "../remote/remote.ts";

/** Until it is asked again whether there is anybody to listen to. */
const UNREACHABLE_MS = 500;
/** A server that doesn't tell news may be another one later. */
const UNTOLD_MS = 10 * 60_000;

/** sqld tells of a commit just before others can read it: who looks at once may look too early. */
const AGAIN_MS = 300;

/** Whom to listen to, and whom to tell. */
export interface Following {
  remote: Remote;
  signal: AbortSignal;
  /** Whether it makes sense to try. */
  isReachable: () => boolean;
  onListening: (listening: boolean) => void;
  onNews: () => void;
  /** Resolves after so many milliseconds, or at the signal. */
  wait?: typeof sleep;
}

/** Follows the remote's own news, if it tells them, over and over until the signal. */
export async function follow(
  { remote, signal, isReachable, onListening, onNews, wait = sleep }: Following,
): Promise<void> {
  let failures = 0;
  let told = 0;
  const lookAgain = async () => {
    const latest = ++told;
    await wait(AGAIN_MS, signal);
    if (latest === told && !signal.aborted) onNews();
  };
  while (!signal.aborted) {
    let pause = UNREACHABLE_MS;
    if (isReachable()) {
      let listened = false;
      let isTold = true;
      try {
        await remote.listen(signal, () => {
          failures = 0;
          if (!listened) onListening(listened = true);
          onNews();
          void lookAgain();
        });
      } catch (error) {
        isTold = asErthError(error).code !== "NOT_FOUND";
      }
      pause = isTold ? backoff(failures++) : UNTOLD_MS;
      // What happened since it broke off would go unheard.
      if (listened) onListening(false);
      if (listened) onNews();
    }
    await wait(pause, signal);
  }
}

/** Milliseconds to wait after so many failures before: about twice as long each, up to a minute. */
export function backoff(failures: number): number {
  const jitter = 0.5 + Math.random() / 2;
  return Math.min(500 * 2 ** failures, 60_000) * jitter;
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
