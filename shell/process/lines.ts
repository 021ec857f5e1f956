import type { Clock } from "./clock.ts";

/** What becomes of the lines of a stream. */
export interface LineReading {
  /** The longest line, in bytes. */
  readonly limit: number;
  /** Takes a line without its end, and whether it was cut. */
  readonly onLine: (line: string, cut: boolean) => void;
  /** `onLine` threw this. That line is lost; those that follow are read all the same. */
  readonly onFault: (error: unknown) => void;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
}

/**
 * Reads a stream of UTF-8 lines to its end; one that breaks is at its end. A line longer than the
 * limit is cut there, its rest thrown away, so that memory stays bounded whatever comes.
 */
export async function readLines(
  stream: ReadableStream<Uint8Array>,
  { limit, onLine, onFault, signal }: LineReading,
): Promise<void> {
  const decoder = new TextDecoder();
  const held = new Uint8Array(limit);
  let length = 0;
  let cut = false;
  const keep = (bytes: Uint8Array) => {
    const part = bytes.subarray(0, limit - length);
    held.set(part, length);
    length += part.length;
    cut ||= part.length < bytes.length;
  };
  const flush = () => {
    const line = decoder.decode(held.subarray(0, length)).replace(/\r$/, "");
    const wasCut = cut;
    length = 0;
    cut = false;
    try {
      onLine(line, wasCut);
    } catch (error) {
      onFault(error);
    }
  };
  const reader = stream.getReader();
  const stop = () => void reader.cancel().catch(() => {});
  signal?.addEventListener("abort", stop, { once: true });
  try {
    for (;;) {
      const chunk = await reader.read().catch(() => undefined);
      if (chunk === undefined || chunk.done) break;
      let rest = chunk.value;
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
        keep(rest.subarray(0, end));
        flush();
        rest = rest.subarray(end + 1);
      }
      keep(rest);
    }
    if (length > 0) flush();
  } finally {
    signal?.removeEventListener("abort", stop);
    reader.releaseLock();
  }
}

/** The last `most` of the lines that were added. */
export class Tail {
  readonly #most: number;
  #lines: string[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** Adds the newest line. */
  add(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > 2 * this.#most) this.#lines = this.lines();
  }

  /** Oldest first. */
  lines(): string[] {
    return this.#lines.slice(-this.#most);
  }
}

/** Lets `most` things through in each period of `ms` milliseconds. */
export class Quota {
  readonly #most: number;
  readonly #ms: number;
  readonly #clock: Clock;
  #since = -Infinity;
  #spent = 0;

  constructor(most: number, ms: number, clock: Clock) {
    this.#most = most;
    this.#ms = ms;
    this.#clock = clock;
  }

  /** Whether there was something left. */
  spend(): boolean {
    const now = this.#clock.monotonic();
    if (Math.abs(now - this.#since) >= this.#ms) {
      this.#since = now;
      this.#spent = 0;
    }
    return ++this.#spent <= this.#most;
  }
}

/** A line as JSON object; undefined if it is anything else. */
export function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
