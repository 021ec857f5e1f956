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
