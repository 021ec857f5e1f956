/// <reference lib="dom" />
/** What is heard of an answer that is being written. */
export interface AnswerListener {
  /** How many characters (code points) of it are known: a stream that broke goes on from there. */
  known(): number;
  /** Whether its words come at once, until told otherwise. */
  live(is: boolean): void;
  /** More words. */
  words(text: string): void;
  /** Something beside its words has changed. */
  changed(): void;
  /** It is there in full. */
  ended(): void;
}

/** Streams of answers in all tabs: a browser opens six connections to one host. */
const SLOTS = 2;
const PAUSE_MS = 500;

/**
 * Listens to an answer until it ends, or until the signal; not at all if other tabs have all the
 * streams there may be.
 *
 * @param path Of its stream.
 */
export async function hearAnswer(
  path: string,
  listener: AnswerListener,
  signal: AbortSignal,
): Promise<void> {
  const listen = () => listenTo(path, listener, signal);
  if (!navigator.locks) return await listen();
  for (let slot = 0; slot < SLOTS; slot++) {
    const had = await navigator.locks.request(
      `erth-answer-${slot}`,
      { ifAvailable: true },
      async (lock) => {
        if (lock) await listen();
        return lock !== null;
      },
    );
    if (had) return;
  }
}

function listenTo(path: string, listener: AnswerListener, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let source: EventSource;
    let pause: number | undefined;
    const stop = () => {
      clearTimeout(pause);
      source.close();
      listener.live(false);
      resolve();
    };
    const open = () => {
      source = new EventSource(`${path}?after=${listener.known()}`);
      source.addEventListener("open", () => listener.live(true));
      source.addEventListener("delta", ({ data }) => listener.words(JSON.parse(data)));
      source.addEventListener("phase", () => listener.changed());
      source.addEventListener("end", () => {
        stop();
        listener.ended();
      });
      source.addEventListener("error", () => {
        if (source.readyState === EventSource.CLOSED) return stop(); // refused for good
        // Its engine ended, and the answer goes on with the next: sooner than a browser would ask.
        source.close();
        listener.live(false);
        pause = setTimeout(open, PAUSE_MS);
      });
    };
    signal.addEventListener("abort", stop);
    if (signal.aborted) resolve();
    else open();
  });
}
