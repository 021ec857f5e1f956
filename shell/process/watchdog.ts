import type { Log } from "../../log.ts";
import type { Clock } from "./clock.ts";
import { loopbackClient } from "./loopback.ts";
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

interface Probe {
  readonly sent: number;
  readonly abort: AbortController;
  readonly cancelDeadline: () => void;
  answered: boolean;
  /** No answer, or a wrong one, and none will come any more. */
  failed: boolean;
}

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
  #suspicion: PromiseWithResolvers<boolean> | undefined;
  #stopped = false;

  /** Begins at once; the first probe is sent after one interval. */
  constructor(options: WatchdogOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.#client = loopbackClient(options.port, 0);
    this.#schedule(this.#options.interval);
  }

  /**
   * Probes at once, because something else got no answer, and then every 1.5 s until one is
   * answered: a stopped sidecar is dead after 4.5 s.
   *
   * @returns Whether a probe was answered; false once it is dead or the watchdog was stopped.
   */
  suspect(): Promise<boolean> {
    if (this.#stopped) return Promise.resolve(false);
    if (this.#suspicion !== undefined) return this.#suspicion.promise;
    const { clock, suspicion } = this.#options;
    this.#suspicion = Promise.withResolvers<boolean>();
    const { promise } = this.#suspicion;
    const probe = this.#probe;
    if (probe === undefined || probe.answered || probe.failed) this.#send();
    else this.#schedule(Math.max(0, probe.sent + suspicion - clock.now()));
    return promise;
  }

  /** Ends all probing. May be called again. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#cancelTick();
    this.#giveUp();
    this.#client.close();
    this.#suspicion?.resolve(false);
  }

  #schedule(ms: number): void {
    this.#cancelTick();
    const due = this.#options.clock.now() + ms;
    this.#cancelTick = this.#options.clock.after(ms, () => this.#tick(due));
  }

  /** The next probe is due: judges the one before. */
  #tick(due: number): void {
    const { log, misses, onDead } = this.#options;
    if (this.#heldUp(due)) {
      log.info("watchdog.held-up", { late: this.#options.clock.now() - due });
      this.#misses = 0;
    } else if (this.#probe !== undefined && !this.#probe.answered) {
      this.#misses += 1;
      log.warn("watchdog.miss", { misses: this.#misses });
    }
    if (this.#misses < misses) return this.#send();
    this.stop();
    onDead(`No answer to ${misses} probes in a row`);
  }

  #send(): void {
    const { clock, deadline, interval, suspicion, log } = this.#options;
    this.#giveUp();
    const sent = clock.now();
    const due = sent + deadline;
    const cancelDeadline = clock.after(deadline, () => {
      if (!this.#heldUp(due)) this.#late();
    });
    const probe: Probe = {
      sent,
      abort: new AbortController(),
      cancelDeadline,
      answered: false,
      failed: false,
    };
    this.#probe = probe;
    this.#ask(probe.abort.signal).then((secret) => {
      if (probe.abort.signal.aborted) return;
      cancelDeadline();
      probe.answered = true;
      this.#answered(secret, clock.now() <= due);
    }).catch((error) => {
      if (probe.abort.signal.aborted) return;
      cancelDeadline();
      probe.failed = true;
      log.warn("watchdog.failed", { error });
    });
    this.#schedule(this.#suspicion === undefined ? interval : suspicion);
  }

  /** Resolves with the secret that the answer proves; rejects with what is wrong with the answer. */
  async #ask(signal: AbortSignal): Promise<string> {
    const { port, secrets, fetch: ask = fetch } = this.#options;
    const nonce = crypto.randomUUID();
    const response = await ask(`http://127.0.0.1:${port}/-/alive?nonce=${nonce}`, {
      client: this.#client,
      redirect: "error",
      signal,
    });
    const text = await shortText(response);
    if (response.status !== 200) throw new Error(`Wrong answer: status ${response.status}`);
    for (const secret of secrets()) {
      if (equalConstantTime(proof(secret, nonce), text)) return secret;
    }
    throw new Error("Wrong proof: another program may sit on the port");
  }

  #answered(secret: string, inTime: boolean): void {
    this.#misses = 0;
    if (this.#suspicion !== undefined) {
      this.#suspicion.resolve(true);
      this.#suspicion = undefined;
      this.#schedule(this.#options.interval);
    }
    this.#options.onProof?.(secret);
    if (!inTime || !this.#busy) return;
    this.#busy = false;
    this.#options.onRecovered();
  }

  #late(): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#options.onBusy();
  }

  #giveUp(): void {
    this.#probe?.cancelDeadline();
    this.#probe?.abort.abort();
  }

  /** Whether a timer that was due then fires so late that the machine must have slept. */
  #heldUp(due: number): boolean {
    return this.#options.clock.now() - due > this.#options.slack;
  }
}

/** The body as text; rejects if it is longer than any proof. */
async function shortText(response: Response): Promise<string> {
  let text = "";
  if (response.body === null) return text;
  for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.length > LONGEST_PROOF) throw new Error("Wrong answer: too long");
  }
  return text.trim();
}
