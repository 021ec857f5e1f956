import type { MirrorProbe } from "../../db/remote/answers.ts";
import { ErthError } from "../../errors.ts";
import type { MirrorMessage, MirrorOrder, MirrorStart } from "../../db/mirror/messages.ts";
import { type Clock, within } from "../process/clock.ts";

/** As much of a `Worker` as is used here. */
export interface MirrorWorker {
  postMessage(order: MirrorOrder): void;
  terminate(): void;
  onmessage: ((event: MessageEvent<MirrorMessage>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

/** What a thread says unasked. */
export interface MirrorListener {
  /** `state`, `changed` and `log` messages, without the token. */
  onMessage(message: MirrorMessage): void;
  /** It ended by itself, and won't answer any more. */
  onDead(reason: string): void;
}

const PROBE_MS = 30_000;
const SHORTEST_TOKEN = 6;

type Call = PromiseWithResolvers<MirrorProbe | undefined>;

/** One life of the mirror's worker: orders with answers, and an end. */
export class MirrorThread {
  readonly #worker: MirrorWorker;
  readonly #clock: Clock;
  readonly #calls = new Map<number, Call>();
  readonly #stopped = Promise.withResolvers<void>();
  #token = "";
  #last = 0;
  #ended = false;
  #stopping = false;

  constructor(worker: MirrorWorker, clock: Clock, listener: MirrorListener) {
    this.#worker = worker;
    this.#clock = clock;
    worker.onmessage = ({ data }) => this.#hear(this.#withoutToken(data), listener);
    worker.onerror = (event) => {
      // Else it would end the whole program.
      event.preventDefault();
      this.#died(this.#withoutToken(event.message), listener);
    };
  }

  /**
   * What a database at an address holds.
   *
   * @throws {ErthError} `MIRROR_OFFLINE`, `MIRROR_AUTH` and whatever else keeps it from telling.
   */
  async probe(options: MirrorStart): Promise<MirrorProbe> {
    this.#token = options.token;
    const answer = this.#call((call) => ({ order: "probe", call, options }));
    if (!await within(this.#clock, PROBE_MS, answer)) {
      throw new ErthError("MIRROR_OFFLINE", `No answer within ${PROBE_MS / 1000} s`);
    }
    return (await answer)!;
  }

  /** Starts mirroring. */
  start(options: MirrorStart): void {
    this.#token = options.token;
    this.#worker.postMessage({ order: "start", options });
  }

  /** Resolves when everything is up to date; rejects with why it can't be. */
  async now(): Promise<void> {
    await this.#call((call) => ({ order: "now", call }));
  }

  /** Takes a device off the remote's list. */
  async forget(device: string): Promise<void> {
    await this.#call((call) => ({ order: "forget", call, device }));
  }

  /** Something that needs no answer. */
  tell(order: MirrorOrder & { order: "committed" | "front" | "dismiss" }): void {
    if (!this.#ended) this.#worker.postMessage(order);
  }

  /** Ends it in order; after `ms` milliseconds, anyhow. */
  async stop(ms: number): Promise<void> {
    this.#stopping = true;
    if (!this.#ended) this.#worker.postMessage({ order: "stop" });
    await within(this.#clock, ms, this.#stopped.promise);
    this.#end("It was stopped");
    this.#worker.terminate();
  }

  #call(order: (call: number) => MirrorOrder): Promise<MirrorProbe | undefined> {
    const number = ++this.#last;
    const call: Call = Promise.withResolvers();
    this.#calls.set(number, call);
    if (this.#ended) this.#end("It has ended");
    else this.#worker.postMessage(order(number));
    return call.promise;
  }

  #hear(data: MirrorMessage, listener: MirrorListener): void {
    if (data.message === "stopped") {
      this.#stopped.resolve();
      return this.#died("It gave up", listener);
    }
    if (data.message !== "probed" && data.message !== "done") return listener.onMessage(data);
    const call = this.#calls.get(data.call);
    this.#calls.delete(data.call);
    if (data.message === "probed") call?.resolve(data.probe);
    else if (data.error === undefined) call?.resolve(undefined);
    else call?.reject(new ErthError(data.error.code, data.error.detail));
  }

  /** It ended; unasked, unless it is being stopped. */
  #died(reason: string, listener: MirrorListener): void {
    if (this.#ended) return;
    this.#end(reason);
    if (!this.#stopping) listener.onDead(reason);
  }

  #end(reason: string): void {
    this.#ended = true;
    this.#stopped.resolve();
    for (const { promise, reject } of this.#calls.values()) {
      // A probe that ran out of time is waited for by nobody.
      promise.catch(() => {});
      reject(new ErthError("INTERNAL", `The mirror's thread has ended: ${reason}`));
    }
    this.#calls.clear();
  }

  /** Whatever the worker and its libraries say, the token isn't in it. */
  #withoutToken<T>(said: T): T {
    // What is shorter isn't a secret, and might be part of anything.
    if (this.#token.length < SHORTEST_TOKEN) return said;
    const text = JSON.stringify(said);
    return text?.includes(this.#token) ? JSON.parse(text.replaceAll(this.#token, "…")) : said;
  }
}
