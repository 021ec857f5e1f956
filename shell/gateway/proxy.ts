import { ErthError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { Caller } from "./guard.ts";
import { readBody } from "./body.ts";
import type { Death, Hold, Upstream, Visit } from "./hold.ts";

/** RFC 9110 §7.6.1, and what the two sides must not learn of each other. */
const NOT_FORWARDED = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "host",
  "content-length",
  "cookie",
  "set-cookie",
  "authorization",
  "origin",
  "referer",
  "accept-encoding",
]);
const SAFE_METHODS = new Set(["GET", "HEAD"]);
const MAX_BODY = 64 * 1024 * 1024;
const MAX_REPLAYED = 8 * 1024 * 1024;
const MOST_SENDS = 8;
const SUSPICIOUS_MS = 2_000;
const IDLE_CONNECTIONS = 16;

/** What a request is forwarded with. */
export interface ProxyOptions {
  hold: Hold;
  log: Log;
  mintKey: () => string;
  /** Sends a request to a generation; by default over connections that it alone uses. */
  send?: Send;
}

/** Either a response, or why there is none. */
interface Attempt {
  response?: Response;
  reason?: string;
  killed?: boolean;
}

type Send = (upstream: Upstream, target: string, init: RequestInit) => Promise<Response>;

/**
 * Forwards requests to the ready sidecar. A request whose sidecar dies under it is sent once more
 * to the next generation; the idempotency key makes that safe for changes. A sidecar that was
 * killed from elsewhere doesn't count: its request didn't end it.
 */
export class Proxy {
  readonly #options: ProxyOptions;
  readonly #send: Send;
  /** Replays go one after another: the request that kills a sidecar then fails alone. */
  #replays: Promise<unknown> = Promise.resolve();

  constructor(options: ProxyOptions) {
    this.#options = options;
    this.#send = options.send ?? sender();
  }

  /**
   * The sidecar's answer to `request`, asked at `target` (path and query, without the prefix).
   *
   * @param caller Whom the guard found to ask; the sidecar learns it as `x-erth-caller`.
   * @throws {ErthError} `SIDECAR_UNAVAILABLE`, `SIDECAR_BROKEN`, `SIDECAR_CRASHED`, or
   * `BODY_TOO_LARGE`.
   */
  async forward(request: Request, target: string, caller: Caller = "page"): Promise<Response> {
    const headers = forwardable(request.headers);
    headers.set("x-erth-caller", caller);
    const change = !SAFE_METHODS.has(request.method);
    if (change && !headers.has("idempotency-key")) {
      headers.set("idempotency-key", this.#options.mintKey());
    }
    const body = request.body === null ? undefined : await readBody(request, { most: MAX_BODY });
    const mayReplay = body === undefined || body.byteLength <= MAX_REPLAYED;
    const visit = this.#options.hold.visit(request.signal);
    const attempt = () => this.#attempt(visit, request, target, headers, body);
    const first = await attempt();
    if (first.response !== undefined) return first.response;
    if (!mayReplay) throw new ErthError("SIDECAR_CRASHED", "The body is too large to send again");
    this.#options.log.info("proxy.replay", { target: pathOnly(target), reason: first.reason });
    const second = await this.#inTurn(visit, () => this.#replay(attempt));
    if (second.response !== undefined) return second.response;
    throw new ErthError("SIDECAR_CRASHED", `${pathOnly(target)}: ${second.reason}`);
  }

  /** Runs `work` once those that came before are through with theirs. */
  async #inTurn<T>(visit: Visit, work: () => Promise<T>): Promise<T> {
    const before = this.#replays;
    const mine = Promise.withResolvers<void>();
    this.#replays = before.then(() => mine.promise);
    try {
      await visit.wait(before);
      return await work();
    } finally {
      mine.resolve();
    }
  }

  /** Once; more often only where the sidecar was killed from elsewhere, and then not for ever. */
  async #replay(send: () => Promise<Attempt>): Promise<Attempt> {
    for (let sends = 2;; sends++) {
      const attempt = await send();
      if (!attempt.killed || sends === MOST_SENDS) return attempt;
    }
  }

  async #attempt(
    visit: Visit,
    request: Request,
    target: string,
    headers: Headers,
    body: Uint8Array<ArrayBuffer> | undefined,
  ): Promise<Attempt> {
    const upstream = await visit.acquire();
    headers.set("authorization", `Bearer ${upstream.token()}`);
    const suspicion = setTimeout(() => void upstream.suspect(), SUSPICIOUS_MS);
    try {
      const answer = await this.#send(upstream, target, {
        method: request.method,
        headers,
        body,
        redirect: "manual",
        signal: request.signal,
      });
      return { response: await this.#passOn(answer) };
    } catch (error) {
      if (request.signal.aborted) throw new ErthError("SIDECAR_UNAVAILABLE", "The caller left");
      const death = await visit.wait(reaped(upstream));
      const reason = error instanceof Error ? error.message : String(error);
      return { reason, killed: death?.killed };
    } finally {
      clearTimeout(suspicion);
    }
  }

  /** Streams and files go through as they come; all else is read whole, to be replayed if need be. */
  async #passOn(answer: Response): Promise<Response> {
    const headers = forwardable(answer.headers);
    const init = { status: answer.status, headers };
    const length = Number(answer.headers.get("content-length") ?? 0);
    const stream = answer.headers.get("content-type")?.startsWith("text/event-stream");
    const file = answer.headers.get("content-disposition")?.startsWith("attachment");
    if (stream && answer.body !== null) return new Response(untilCut(answer.body), init);
    if (file || length > MAX_REPLAYED) return new Response(answer.body, init);
    const bytes = await answer.arrayBuffer();
    const empty = answer.status === 204 || answer.status === 304;
    return new Response(empty ? null : bytes, init);
  }
}

/** A stream of events that ends in order where its sidecar dies: who reads it resumes with the next. */
function untilCut(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream({
    pull: async (controller) => {
      const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }));
      if (done || value === undefined) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

/** Each generation gets connections of its own: none may outlive it. */
function sender(): Send {
  const clients = new WeakMap<Upstream, Deno.HttpClient>();
  const clientOf = (upstream: Upstream) => {
    let client = clients.get(upstream);
    if (client === undefined) {
      client = Deno.createHttpClient({ poolMaxIdlePerHost: IDLE_CONNECTIONS });
      clients.set(upstream, client);
      void upstream.gone.then(() => clients.get(upstream)?.close());
    }
    return client;
  };
  return (upstream, target, init) =>
    fetch(`http://127.0.0.1:${upstream.port}${target}`, { ...init, client: clientOf(upstream) });
}

function forwardable(headers: Headers): Headers {
  const named = (headers.get("connection") ?? "").toLowerCase().split(/,\s*/);
  const kept = new Headers();
  for (const [name, value] of headers) {
    if (!NOT_FORWARDED.has(name) && !named.includes(name)) kept.append(name, value);
  }
  return kept;
}

/**
 * Resolves when the old process is reaped, so that two generations never work on one request. Where
 * only the connection broke and the sidecar lives, there is nothing to wait for.
 */
async function reaped(upstream: Upstream): Promise<Death | undefined> {
  const lives = upstream.suspect().then((alive) => alive ? undefined : upstream.gone);
  return await Promise.race([upstream.gone, lives]);
}

/** A path without its query: queries are what a person searched for, and stay out of the log. */
function pathOnly(target: string): string {
  return target.replace(/\?.*/s, "");
}
