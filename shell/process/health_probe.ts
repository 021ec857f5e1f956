import type { Log } from "../../log.ts";
import type { Clock } from "./clock.ts";

/** What a probe needs. Times in milliseconds. */
export interface HealthProbeOptions {
  /** On 127.0.0.1. */
  readonly port: number;
  readonly path: string;
  readonly key: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Too many misses in a row; the probe has stopped itself. */
  readonly onDead: (reason: string) => void;
  /** From probe to probe; one without an answer by then is a miss. */
  readonly interval: number;
  readonly misses?: number;
  /** A timer that fires so much too late tells of a suspend. */
  readonly slack?: number;
}

const DEFAULTS = { misses: 3, slack: 1_000 };

/**
 * Asks a server again and again whether it is well, and tells when it no longer says so. Only the
 * right program knows the key, so there is nothing more to prove.
 */
export class HealthProbe {
  readonly #options: HealthProbeOptions & typeof DEFAULTS;
  #cancel = () => {};
  #asking = new AbortController();
  #asked: Promise<void> = Promise.resolve();
  #answered = true;
  #misses = 0;
  #stopped = false;

  /** Begins at once; the first probe is sent after one interval. */
  constructor(options: HealthProbeOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.#schedule();
  }

  /** Resolves when the last probe is answered, or can't be any more. */
  get asked(): Promise<void> {
    return this.#asked;
  }

  /** Ends all probing. May be called again. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#cancel();
    this.#asking.abort();
  }

  #schedule(): void {
    const { clock, interval } = this.#options;
    const due = clock.now() + interval;
    this.#cancel = clock.after(interval, () => this.#tick(due));
  }

  #tick(due: number): void {
    const { clock, log, misses, onDead, slack } = this.#options;
    if (this.#answered || clock.now() - due > slack) this.#misses = 0;
    else log.warn("model.miss", { misses: ++this.#misses });
    if (this.#misses >= misses) {
      this.stop();
      return onDead(`It gave no sign of life ${misses} times in a row`);
    }
    this.#asking.abort();
    this.#asking = new AbortController();
    this.#answered = false;
    this.#asked = this.#ask(this.#asking.signal);
    this.#schedule();
  }

  async #ask(signal: AbortSignal): Promise<void> {
    try {
      const well = await this.#isWell(signal);
      if (!signal.aborted) this.#answered = well;
    } catch {
      // A miss, which the next tick sees.
    }
  }

  /** By hand: `fetch` past a proxy writes whole addresses, which llama.cpp's server doesn't know. */
  async #isWell(signal: AbortSignal): Promise<boolean> {
    const { key, path, port } = this.#options;
    const hostname = "127.0.0.1";
    using connection = await Deno.connect({ hostname, port });
    const close = () => connection.close();
    signal.addEventListener("abort", close, { once: true });
    try {
      signal.throwIfAborted();
      const lines = [
        `GET ${path} HTTP/1.1`,
        `Host: ${hostname}:${port}`,
        `Authorization: Bearer ${key}`,
        "Connection: close",
      ];
      await connection.write(new TextEncoder().encode(lines.join("\r\n") + "\r\n\r\n"));
      const head = new Uint8Array(64);
      const read = await connection.read(head);
      return /^HTTP\/1\.1 200 /.test(new TextDecoder().decode(head.subarray(0, read ?? 0)));
    } finally {
      signal.removeEventListener("abort", close);
    }
  }
}
