/** Whether a host is this computer itself. */
export function isLoopback(host: string): boolean {
  return /^(127(\.\d+){3}|\[::1\]|(.+\.)?localhost)$/.test(host);
}

/** Whether a host is this computer or on a network of one's own (RFC 1918, RFC 4193, RFC 6762). */
export function isPrivate(host: string): boolean {
  return isLoopback(host) ||
    /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.)[\d.]+$/.test(host) ||
    /^\[f[cd]|^\[fe80:/.test(host) || /\.(local|lan|internal|home\.arpa)$/.test(host) ||
    !/[.:]/.test(host);
}

/** Asks servers that a person named, as the system reaches them. */
export class Reach {
  readonly #fetch: typeof fetch;
  /** Without TLS a connection costs little, and llama.cpp closes those that it seemed to keep. */
  #fresh: Deno.HttpClient | undefined;

  constructor(send: typeof fetch = fetch) {
    this.#fetch = send;
  }

  /** `fetch`, without following redirects. */
  fetch(url: URL, init: RequestInit): Promise<Response> {
    const asked = { ...init, redirect: "manual" } as const;
    if (url.protocol !== "http:") return this.#fetch(url, asked);
    this.#fresh ??= Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
    return this.#fetch(url, { ...asked, client: this.#fresh });
  }

  /** Lets go of all connections. */
  close(): void {
    this.#fresh?.close();
    this.#fresh = undefined;
  }
}
