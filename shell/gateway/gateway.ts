import { asErthError, ErthError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { EventHub } from "./events.ts";
import type { Caller, Guard } from "./guard.ts";
import { markup } from "../presentation/html.ts";
import { readUnwanted } from "./form.ts";
import type { Peer } from "./peers.ts";
import { errorResponse, openerPolicy, PAGE_HEADERS, preflight } from "./responses.ts";

/** What anything here may be asked with; Deno's `fetch` can't pass on TRACE and its like. */
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** A page of the shell's own: it must work without a sidecar. */
export type Screen = (request: Request) => Response | Promise<Response>;

/** A command that a page or script may give the shell. `script`: not for pages. */
export interface ShellCommand {
  caller: Caller | "any";
  run: (request: Request) => Response | Promise<Response>;
}

/** What the gateway serves. */
export interface GatewayOptions {
  /** The path everything lives under, `/PREFIX/`. */
  prefix: string;
  /** The route that the bare address stands for. */
  home: string;
  guard: Guard;
  events: EventHub;
  /** The static frame's HTML for a route such as `notes/ID`. */
  frame: (route: string) => string;
  /** A file of the binary by its name below `assets/`. */
  asset: (request: Request, name: string) => Promise<Response>;
  /** The sidecar's answer at a path and query without the prefix, told who asks. */
  forward: (request: Request, target: string, caller: Caller) => Promise<Response>;
  /** By route, such as `status`. */
  screens: ReadonlyMap<string, Screen>;
  /** By name below `shell/`. */
  commands: ReadonlyMap<string, ShellCommand>;
  /** Ends the event streams. */
  signal: AbortSignal;
  /** What proves that this is the instance which has the secret; to be asked for by anybody. */
  prove: (nonce: string) => string;
  log: Log;
}

/** The one origin that the page knows: routes a request to whoever answers it. */
export class Gateway {
  readonly #options: GatewayOptions;
  /** Changes that are under way. */
  readonly #changes = new Set<Promise<unknown>>();

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  /**
   * Answers one request; never throws.
   *
   * @param peer Who asks; left out if we do so ourselves.
   */
  handle = async (request: Request, peer?: Peer): Promise<Response> => {
    const answer = this.#answer(request, peer);
    if (isSafe(request)) return await answer;
    this.#changes.add(answer);
    try {
      return await answer;
    } finally {
      this.#changes.delete(answer);
    }
  };

  /** Resolves when no change is under way any more. */
  async drained(): Promise<void> {
    while (this.#changes.size > 0) await Promise.allSettled(this.#changes);
  }

  async #answer(request: Request, peer: Peer | undefined): Promise<Response> {
    let response: Response;
    try {
      response = await this.#route(request, peer);
    } catch (thrown) {
      const error = asErthError(thrown);
      // A `Host` that is none makes the request's address unreadable.
      const { pathname = "", search = "" } = URL.parse(request.url) ?? {};
      const route = pathname.replace(this.#options.prefix, "");
      const level = error.code === "INTERNAL" ? "error" : "info";
      this.#options.log[level]("gateway.refused", {
        code: error.code,
        detail: error.detail,
        path: route,
      });
      response = errorResponse(error, request, route + search);
      if (!METHODS.includes(request.method)) response.headers.set("allow", METHODS.join(", "));
    }
    for (const [name, value] of [...PAGE_HEADERS, ...openerPolicy(request)]) {
      if (!response.headers.has(name)) response.headers.set(name, value);
    }
    return response;
  }

  async #route(request: Request, peer: Peer | undefined): Promise<Response> {
    const { guard, home, prefix } = this.#options;
    guard.checkAddress(request);
    if (!METHODS.includes(request.method)) {
      throw new ErthError("METHOD_NOT_ALLOWED", request.method);
    }
    const url = new URL(request.url);
    if (!url.pathname.startsWith(prefix)) throw new ErthError("NOT_FOUND");
    if (request.method === "OPTIONS") return preflight(request, guard);
    const route = url.pathname.slice(prefix.length);
    if (route === "launch") return await this.#launch(request, url, peer);
    if (route === "alive") return this.#alive(url);
    const caller = guard.authenticate(request);
    peer?.prove();
    if (route.startsWith("assets/")) return await this.#asset(request, route);
    if (route === "events") {
      const last = request.headers.get("last-event-id") ?? url.searchParams.get("after");
      return this.#options.events.stream(
        last,
        AbortSignal.any([request.signal, this.#options.signal]),
        caller === "page",
      );
    }
    if (route.startsWith("shell/")) return await this.#command(request, route, caller);
    // A name with an ending is a file to save, not a screen to show in the frame.
    if (isNavigation(request) && !route.includes(".")) {
      return html(this.#options.frame((route || home) + url.search));
    }
    // Nothing here takes one, and the sidecar's server fails on one that isn't well-formed.
    if (request.headers.get("content-type")?.startsWith("multipart/")) {
      throw new ErthError(
        "BAD_REQUEST",
        "Send a form as application/x-www-form-urlencoded, or JSON",
      );
    }
    const screen = this.#options.screens.get(route);
    if (screen !== undefined) return await screen(request);
    return await this.#options.forward(request, `/${route || home}${url.search}`, caller);
  }

  #alive(url: URL): Response {
    const nonce = url.searchParams.get("nonce") ?? "";
    if (!/^[\w-]{16,64}$/.test(nonce)) throw new ErthError("BAD_REQUEST", "Not a nonce");
    return new Response(this.#options.prove(nonce));
  }

  async #launch(request: Request, url: URL, peer: Peer | undefined): Promise<Response> {
    // Not redeemed, so that whom the code is for can still use it.
    if (await peer?.isOurs() === false) {
      throw new ErthError("UNAUTHORIZED", "Cannot launch as another account asks");
    }
    const cookie = this.#options.guard.redeem(url.searchParams.get("code") ?? "");
    const target = this.#within(url.searchParams.get("to") ?? "");
    const headers = new Headers({ "set-cookie": cookie, "cache-control": "no-store" });
    const site = request.headers.get("sec-fetch-site");
    const fromPage = url.searchParams.has("page");
    if (!fromPage && (site === null || site === "none" || site === "same-origin")) {
      headers.set("location", target);
      return new Response(null, { status: 303, headers });
    }
    // After a page of another origin, a file's say, a redirect would be that origin's, and leave the
    // Strict cookie behind: our own page goes on instead.
    headers.set("content-type", "text/html; charset=utf-8");
    headers.set("refresh", `0; url=${target}`);
    return new Response(markup`<!doctype html><title></title>`.toString(), { headers });
  }

  /** A path below the prefix, whatever `to` tries. */
  #within(to: string): string {
    const { prefix } = this.#options;
    const { pathname, search } = new URL(prefix + to, "http://127.0.0.1");
    return pathname.startsWith(prefix) ? pathname + search : prefix;
  }

  async #asset(request: Request, route: string): Promise<Response> {
    if (request.method !== "GET" && request.method !== "HEAD") {
      throw new ErthError("METHOD_NOT_ALLOWED", request.method);
    }
    return await this.#options.asset(request, route.slice("assets/".length));
  }

  async #command(request: Request, route: string, caller: Caller): Promise<Response> {
    const command = this.#options.commands.get(route.slice("shell/".length));
    if (command === undefined) throw new ErthError("NOT_FOUND");
    if (request.method !== "POST") throw new ErthError("METHOD_NOT_ALLOWED", request.method);
    if (command.caller !== "any" && command.caller !== caller) throw new ErthError("UNAUTHORIZED");
    const response = await command.run(request);
    await readUnwanted(request);
    return response;
  }
}

/** Whether a request only asks (RFC 9110 §9.2.1). */
function isSafe({ method }: Request): boolean {
  return ["GET", "HEAD", "OPTIONS"].includes(method);
}

/** A browser's own page load, to which the frame is the answer; see `docs/contracts.md`. */
function isNavigation(request: Request): boolean {
  if (request.method !== "GET") return false;
  const { headers } = request;
  if (headers.has("hx-history-restore-request")) return true;
  if (headers.has("hx-request")) return false;
  const mode = headers.get("sec-fetch-mode");
  if (mode !== null) return mode === "navigate";
  return headers.get("accept")?.startsWith("text/html") ?? false;
}

function html(text: string): Response {
  return new Response(text, {
    headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" },
  });
}
