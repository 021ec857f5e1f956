import { asErthError, ErthError, isErrorCode } from "../../errors.ts";
import { type Backend, startBackend } from "../backend.ts";
import type { Config } from "../config/config.ts";
import { Instance, type Running } from "../instance/instance.ts";

/** A way to ask Erth: the running instance, or one started for this command alone. */
export class Session {
  readonly #running: Running;
  readonly #client: Deno.HttpClient;
  readonly #own: { backend: Backend; instance: Instance } | undefined;

  private constructor(running: Running, own?: { backend: Backend; instance: Instance }) {
    this.#running = running;
    this.#client = Deno.createHttpClient({ poolMaxIdlePerHost: 1 });
    this.#own = own;
  }

  /**
   * Talks to the instance that has the data folder, or starts one without a window.
   *
   * @throws {ErthError} whatever keeps it from starting.
   */
  static async open(config: Config): Promise<Session> {
    const instance = await Instance.claim(config.paths.data);
    if (!(instance instanceof Instance)) return new Session(instance);
    try {
      const backend = startBackend(config, { secluded: true });
      return new Session(backend.running, { backend, instance });
    } catch (error) {
      instance[Symbol.dispose]();
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
    try {
      return await fetch(new URL(path, this.#running.url), {
        method,
        headers,
        client: this.#client,
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    } catch (error) {
      throw new ErthError("NOT_RUNNING", asErthError(error).detail);
    }
  }

  /** Ends the instance if this command started it. */
  async close(): Promise<void> {
    this.#client.close();
    await this.#own?.backend.stop();
    this.#own?.instance[Symbol.dispose]();
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
