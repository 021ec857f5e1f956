import { ErthError } from "../../errors.ts";

const LAUNCH_CODE_LIFE_MS = 10 * 60_000;
const MAX_HEADER_BYTES = 32 * 1024;
const MAX_SESSIONS = 200;
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** Who a request comes from: a page with the cookie, or a script with the bearer token. */
export type Caller = "page" | "script";

/** What the guard needs; `now` in milliseconds since some moment, and never set back. */
export interface GuardOptions {
  /** The gateway's own origin, `http://127.0.0.1:PORT`. */
  origin: string;
  /** The path everything lives under, `/PREFIX/`. */
  prefix: string;
  /** The bearer token of scripts. */
  token: string;
  /** Tells this instance's cookie from another's: cookies don't tell ports apart. */
  instance: string;
  now: () => number;
  random: (bytes: number) => string;
  equal: (a: string, b: string) => boolean;
}

interface LaunchCode {
  until: number;
  onRedeemed: () => void;
}

/** Decides which requests are Erth's own. See `docs/security.md` for what each check is against. */
export class Guard {
  readonly #options: GuardOptions;
  readonly #host: string;
  readonly #cookie: string;
  readonly #codes = new Map<string, LaunchCode>();
  readonly #sessions: string[] = [];

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#host = new URL(options.origin).host;
    this.#cookie = `erth_${options.instance}`;
  }

  /**
   * A fresh one-time code for `launch?code=`; it holds for ten minutes.
   *
   * @param onRedeemed Called when somebody used it.
   */
  mintLaunchCode(onRedeemed = () => {}): string {
    const now = this.#options.now();
    for (const [code, { until }] of this.#codes) if (until < now) this.#codes.delete(code);
    const code = this.#options.random(32);
    this.#codes.set(code, { until: now + LAUNCH_CODE_LIFE_MS, onRedeemed });
    return code;
  }

  /**
   * Trades a launch code for the value of a `Set-Cookie` header.
   *
   * @throws {ErthError} `UNAUTHORIZED` if the code is unknown, used or too old.
   */
  redeem(code: string): string {
    const known = this.#codes.get(code);
    this.#codes.delete(code);
    if (known === undefined || known.until < this.#options.now()) {
      throw new ErthError("UNAUTHORIZED", "Cannot launch as the code is unknown, used or too old");
    }
    known.onRedeemed();
    const session = this.#options.random(32);
    this.#sessions.push(session);
    if (this.#sessions.length > MAX_SESSIONS) this.#sessions.shift();
    return `${this.#cookie}=${session}; HttpOnly; SameSite=Strict; Path=${this.#options.prefix}`;
  }

  /**
   * Refuses what isn't addressed to Erth: wrong `Host` (DNS rebinding), oversized headers.
   *
   * @throws {ErthError} `WRONG_HOST` or `HEADERS_TOO_LARGE`.
   */
  checkAddress(request: Request): void {
    const host = request.headers.get("host");
    if (host !== this.#host) throw new ErthError("WRONG_HOST", `Host is ${host}`);
    let size = request.url.length;
    for (const [name, value] of request.headers) size += name.length + value.length;
    if (size > MAX_HEADER_BYTES) throw new ErthError("HEADERS_TOO_LARGE", `${size} bytes`);
  }

  /**
   * Refuses callers without a session or token, and requests that another site's page caused
   * (Fetch Metadata, W3C; then `Origin`, RFC 6454).
   *
   * @throws {ErthError} `UNAUTHORIZED` or `FORBIDDEN_ORIGIN`.
   */
  authenticate(request: Request): Caller {
    const caller = this.#caller(request.headers);
    const { headers } = request;
    const site = headers.get("sec-fetch-site");
    const origin = headers.get("origin");
    if (site !== null && site !== "same-origin" && site !== "none") {
      throw new ErthError("FORBIDDEN_ORIGIN", `Sec-Fetch-Site is ${site}`);
    }
    if (origin !== null && origin !== this.#options.origin) {
      throw new ErthError("FORBIDDEN_ORIGIN", `Origin is ${origin}`);
    }
    const proven = caller === "script" || site === "same-origin" || origin !== null;
    if (!SAFE_METHODS.has(request.method) && !proven) {
      throw new ErthError("FORBIDDEN_ORIGIN", "A change without Sec-Fetch-Site and Origin");
    }
    return caller;
  }

  /** Whether an `Origin` header names the gateway itself. */
  isOwnOrigin(origin: string | null): boolean {
    return origin === this.#options.origin;
  }

  #caller(headers: Headers): Caller {
    const bearer = /^Bearer (.+)$/.exec(headers.get("authorization") ?? "")?.[1];
    if (bearer !== undefined && this.#options.equal(bearer, this.#options.token)) return "script";
    for (const pair of (headers.get("cookie") ?? "").split("; ")) {
      const [name, value = ""] = pair.split("=", 2);
      if (name !== this.#cookie) continue;
      if (this.#sessions.some((session) => this.#options.equal(value, session))) return "page";
    }
    throw new ErthError("UNAUTHORIZED");
  }
}
