import type { Log } from "../log.ts";
import type { Clock } from "./clock.ts";
import { equalConstantTime, proof } from "./token.ts";

/** What a watchdog needs. Times in milliseconds. */
export interface WatchdogOptions {
  /** Of the sidecar, on 127.0.0.1. */
  readonly port: number;
  /** The secrets whose proof counts, read anew at each answer. */
  readonly secrets: () => readonly string[];
  /** A probe was answered with the proof of this secret. */
  readonly onProof?: (secret: string) => void;
  /** An answer is late; at most once until `onRecovered`. */
  readonly onBusy: () => void;
  /** An answer came in time again. */
  readonly onRecovered: () => void;
  /** Too many misses in a row; the watchdog has stopped itself. */
  readonly onDead: (reason: string) => void;
  readonly clock: Clock;
  readonly log: Log;
  /** Sends a probe; by default over connections of its own that nothing else shares. */
  readonly fetch?: typeof fetch;
  /** From probe to probe. */
  readonly interval?: number;
  /** An answer that takes longer is late. */
  readonly deadline?: number;
  /** So many probes in a row without an answer are a death. */
  readonly misses?: number;
  /** From probe to probe after `suspect`. */
  readonly suspicion?: number;
  /** A timer that fires so much too late tells of a suspend. */
  readonly slack?: number;
}

const DEFAULTS = { interval: 3_000, deadline: 2_000, misses: 3, suspicion: 1_500, slack: 1_000 };
const LONGEST_PROOF = 256;

/**
 * Tells dead from busy. Each probe asks for the HMAC of a fresh nonce, so no other program on the
 * port passes, and none learns the token. An answer counts until the next probe is due: after the
 * deadline it means busy, none at all is a miss. Probes that a suspend held up count as nothing.
 */
export class Watchdog {
  readonly #options: WatchdogOptions & typeof DEFAULTS;
  readonly #client: Deno.HttpClient;
  #probe: Probe | undefined;
  #cancelTick = () => {};
  #misses = 0;
  #busy = false;
  #suspicious = false;
  #stopped = false;

  constructor(options: WatchdogOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.#client = Deno.createHttpClient({
      poolMaxIdlePerHost: 0,
      // Goes to the port itself, whatever HTTP_PROXY says.
      proxy: { transport: "tcp", hostname: "127.0.0.1", port: options.port },
    });
    this.#schedule(this.#options.interval);
  }

  /**
   * Sends a probe at once, because something else got no answer, and the next ones sooner, until
   * one is answered. Three of them without an answer take 4.5 s.
   */
  suspect(): void {
    if (this.#stopped || this.#suspicious) return;
    this.#suspicious = true;
    this.#misses = 0;
    this.#next();
  }

  /** Sends a probe at once out of turn, to hear which token the sidecar uses. */
  ask(): void {
    if (!this.#stopped && this.#probe?.pending !== true) this.#next();
  }

  /** Ends all probing. May be called again. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#cancelTick();
    this.#probe?.end();
    this.#client.close();
  }

  #schedule(ms: number): void {
    this.#cancelTick();
    const due = this.#options.clock.now() + ms;
    this.#cancelTick = this.#options.clock.after(ms, () => this.#tick(due));
  }

  #tick(due: number): void {
    const { clock, slack, log, misses } = this.#options;
    if (clock.now() - due > slack) {
      log.info("watchdog.suspended", { late: clock.now() - due });
      this.#misses = 0;
    } else if (this.#probe?.pending) this.#misses += 1;
    if (this.#misses < misses) return this.#next();
    this.stop();
    this.#options.onDead(`No answer to ${misses} probes in a row`);
  }

  /** Gives the running probe up and sends the next one. */
  #next(): void {
    const { clock, interval, deadline, suspicion, slack } = this.#options;
    this.#probe?.end();
    const probe = new Probe();
    this.#probe = probe;
    const due = clock.now() + deadline;
    const cancel = clock.after(deadline, () => {
      if (clock.now() - due <= slack) this.#late();
    });
    probe.onEnd(cancel);
    this.#send(probe).then((secret) => {
      if (probe !== this.#probe || this.#stopped) return;
      probe.end();
      if (secret !== undefined) this.#alive(secret, clock.now() - due <= 0);
      else this.#miss();
    }, (error) => {
      if (probe !== this.#probe || this.#stopped) return;
      probe.end();
      this.#options.log.debug("watchdog.unanswered", { error });
      this.#miss();
    });
    this.#schedule(this.#suspicious ? suspicion : interval);
  }
}
