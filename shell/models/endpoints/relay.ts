import { asErthError, ErthError } from "../../../errors.ts";
import type { Log } from "../../../log.ts";
import { readBody } from "../../gateway/body.ts";
import { listen, type Server } from "../../gateway/listen.ts";
import type { Peer } from "../../gateway/peers.ts";
import { type Clock, within } from "../../process/clock.ts";
import type { RelayAddress } from "./endpoints.ts";
import type { Reach } from "./reach.ts";
import type { Endpoint } from "../settings/settings.ts";

/** What the relay is made of. */
export interface RelayOptions {
  find: (id: string) => Endpoint | undefined;
  /** Throws an `ErthError` if the endpoint doesn't answer. */
  check: (endpoint: Endpoint) => Promise<void>;
  /** Told how each request went. */
  onOutcome: (id: string, trouble: ErthError | undefined) => void;
  reach: Reach;
  clock: Clock;
  log: Log;
  /** Mints what opens it. */
  mintKey: () => string;
  equal: (a: string, b: string) => boolean;
}

/** After so long without an answer it is looked whether the endpoint answers anything at all. */
const DOUBT_MS = 5_000;
const CLOSE_MS = 200;
/** A conversation as long as the longest contexts, files in it included. */
const MAX_BODY = 64 * 1024 * 1024;
/** What goes to the endpoint of what the sidecar sent, and what comes back. */
const SENT = ["content-type", "accept"];
const RETURNED = ["content-type", "retry-after", "cache-control"];

/**
 * Where the sidecar sends what is for an endpoint: on this computer, without TLS. Only the relay
 * knows the endpoint's address and key.
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #key: string;
  #server: Server | undefined;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#key = options.mintKey();
  }

  /** Where it is and what opens it; starts it if it doesn't run. */
  open(): RelayAddress {
    const { log } = this.#options;
    this.#server ??= listen({ port: 0, log }, (request, peer) => this.#answer(request, peer));
    return { origin: `http://127.0.0.1:${this.#server.addr.port}`, key: this.#key };
  }

  /** Ends it with all that is under way. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    // Streams would keep an orderly end waiting.
    if (server !== undefined) await within(this.#options.clock, CLOSE_MS, server.shutdown());
  }

  async #answer(request: Request, peer: Peer): Promise<Response> {
    const { equal, find } = this.#options;
    const bearer = /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
    if (!equal(bearer, this.#key)) {
      await request.body?.cancel();
      return refusal(new ErthError("UNAUTHORIZED"));
    }
    peer.prove();
    const { pathname, search } = new URL(request.url);
    const [, id = "", rest = ""] = /^\/([^/]+)(\/.*)$/.exec(pathname) ?? [];
    const endpoint = find(decodeURIComponent(id));
    if (endpoint === undefined) {
      await request.body?.cancel();
      return refusal(new ErthError("NOT_FOUND", "There is no such endpoint"));
    }
    const body = await readBody(request, { most: MAX_BODY }).catch((error) => asErthError(error));
    if (body instanceof ErthError) return refusal(body);
    const sent = request.body === null ? undefined : body;
    try {
      const response = await this.#pass(request, endpoint, rest + search, sent);
      this.#options.onOutcome(endpoint.id, undefined);
      return response;
    } catch (thrown) {
      if (request.signal.aborted) return refusal(new ErthError("ENDPOINT_UNREACHABLE"));
      const error = thrown instanceof ErthError
        ? thrown
        : new ErthError("ENDPOINT_UNREACHABLE", "The connection failed");
      this.#options.log.warn("relay.failed", { endpoint: endpoint.id, code: error.code });
      this.#options.onOutcome(endpoint.id, error);
      return refusal(error);
    }
  }

  async #pass(
    request: Request,
    endpoint: Endpoint,
    rest: string,
    body: Uint8Array<ArrayBuffer> | undefined,
  ): Promise<Response> {
    const { clock, reach } = this.#options;
    const ending = new AbortController();
    const leave = () => ending.abort();
    request.signal.addEventListener("abort", leave, { once: true });
    const headers = pick(request.headers, SENT);
    headers.set("accept-encoding", "identity");
    if (endpoint.key !== "") headers.set("authorization", `Bearer ${endpoint.key}`);
    const doubt = Promise.withResolvers<never>();
    doubt.promise.catch(() => {});
    // A model that is still being loaded there may keep quiet for minutes; a server mustn't.
    const cancel = clock.after(DOUBT_MS, () => {
      this.#options.check(endpoint).catch((error) => {
        doubt.reject(error);
        leave();
      });
    });
    try {
      const { method } = request;
      const url = new URL(endpoint.url + rest);
      const asked = reach.fetch(url, { method, headers, body, signal: ending.signal });
      asked.catch(() => {});
      const response = await Promise.race([asked, doubt.promise]);
      if (response.status >= 300 && response.status < 400) {
        // The key is for this address, not for another that it names.
        await response.body?.cancel();
        throw new ErthError("ENDPOINT_FOREIGN", "It redirects elsewhere");
      }
      return new Response(response.body, {
        status: response.status,
        headers: pick(response.headers, RETURNED),
      });
    } finally {
      cancel();
    }
  }
}

function pick(headers: Headers, names: readonly string[]): Headers {
  const picked = new Headers();
  for (const name of names) {
    const value = headers.get(name);
    if (value !== null) picked.set(name, value);
  }
  return picked;
}

function refusal(error: ErthError): Response {
  return Response.json(error, { status: error.status, headers: { "x-erth-code": error.code } });
}
