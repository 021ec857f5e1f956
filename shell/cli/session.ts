import { delay } from "@std/async/delay";
import { asErthError, ErthError, isErrorCode } from "../../errors.ts";
import { type Backend, startBackend } from "../backend.ts";
import type { Config } from "../config/config.ts";
import { type EndSignal, onEndSignal, SIGNAL_EXITS } from "../process/signals.ts";
import type { Running } from "../instance/card.ts";
import { Instance } from "../instance/instance.ts";
import { Visit } from "../instance/visit.ts";

const PATIENCE_MS = 30_000;
const POLL_MS = 50;

/** What a command has started for itself. */
interface Own {
  backend: Backend;
  instance: Instance;
}

/** A way to ask Erth: the running instance, or one started for this command alone. */
export class Session {
  readonly #running: Running;
  readonly #client: Deno.HttpClient;
  readonly #own: Own | undefined;
  readonly #visit: Visit | undefined;
  #closed: Promise<void> | undefined;
  #isInterrupted = false;
  readonly #interrupted = Promise.withResolvers<void>();

  private constructor(running: Running, { own, visit }: { own?: Own; visit?: Visit } = {}) {
    this.#running = running;
    this.#client = Deno.createHttpClient({ poolMaxIdlePerHost: 1 });
    this.#own = own;
    this.#visit = visit;
    if (own !== undefined) onEndSignal((signal) => this.#interrupt(signal));
  }

  /**
   * Talks to the instance that has the data folder, or starts one without a window.
   *
   * @throws {ErthError} whatever keeps it from starting; `DATA_IN_USE` if whoever has the folder
   * neither answers nor ends.
   */
  static async open(config: Config): Promise<Session> {
    const { data } = config.paths;
    for (const end = performance.now() + PATIENCE_MS;; await delay(POLL_MS)) {
      const found = await Instance.claimOrFind(data, end - performance.now());
      if (found instanceof Instance) return await Session.#start(config, found);
      const visit = await Visit.begin(found, "command");
      if (visit !== undefined) return new Session(found, { visit });
      if (performance.now() >= end) {
        throw new ErthError("DATA_IN_USE", `${data}: by process ${found.pid}`);
      }
    }
  }

  static async #start(config: Config, instance: Instance): Promise<Session> {
    try {
      const backend = startBackend(config, { kind: "command" });
      return new Session(backend.running, { own: { backend, instance } });
    } catch (error) {
      await instance[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Talks to the running instance only.
   *
   * @throws {ErthError} `NOT_RUNNING`.
   */
  static async attach(config: Config): Promise<Session> {
    const running = await Instance.find(config.paths.data);
    const session = running && new Session(running);
    if (session === undefined || !await session.#answers()) throw new ErthError("NOT_RUNNING");
    return session;
  }

  /** How the instance is reached. */
  get running(): Running {
    return this.#running;
  }

  /** Whether this command started the instance, and ends it with itself. */
  get isOwn(): boolean {
    return this.#own !== undefined;
  }

  /**
   * One request with a JSON answer.
   *
   * @throws {ErthError} what the answer says, with its own code.
   */
  async ask<T>(method: "GET" | "POST", path: string, body?: unknown): Promise<T> {
    const response = await this.fetch(method, path, { accept: "application/json" }, body);
    const answer = response.status === 204 ? {} : await response.json();
    if (response.ok) return answer as T;
    const code: unknown = answer?.error?.code;
    throw new ErthError(isErrorCode(code) ? code : "INTERNAL", `${response.status} ${path}`);
  }

  /** One request with `more` headers, its answer as it comes. */
  async fetch(
    method: "GET" | "POST",
    path: string,
    more: Record<string, string>,
    body?: unknown,
  ): Promise<Response> {
    const headers = new Headers({ ...more, authorization: `Bearer ${this.#running.token}` });
    if (body !== undefined) headers.set("content-type", "application/json");
    const init: RequestInit & { client: Deno.HttpClient } = {
      method,
      headers,
      client: this.#client,
    };
    if (body !== undefined) init.body = JSON.stringify(body);
    const answer = await fetch(new URL(path, this.#running.url), init).catch((error) =>
      asErthError(error)
    );
    // An interrupted command has nothing more to say: its process ends in a moment.
    if (this.#isInterrupted) return await new Promise(() => {});
    if (answer instanceof ErthError) throw new ErthError("NOT_RUNNING", answer.detail);
    return answer;
  }

  /** Ends the instance if this command started it. */
  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    const { backend, instance } = this.#own ?? {};
    // Commands that began meanwhile use the engine of this one.
    if (!this.#isInterrupted) await Promise.race([backend?.left(), this.#interrupted.promise]);
    await backend?.stop();
    this.#client.close();
    this.#visit?.end();
    await instance?.[Symbol.asyncDispose]();
  }

  /** Ends the process in order, with the exit code that the signal has. */
  async #interrupt(signal: EndSignal): Promise<void> {
    this.#isInterrupted = true;
    this.#interrupted.resolve();
    try {
      await this.close();
    } finally {
      Deno.exit(SIGNAL_EXITS[signal]);
    }
  }

  async #answers(): Promise<boolean> {
    try {
      await this.ask("GET", "status");
      return true;
    } catch {
      return false;
    }
  }
}
