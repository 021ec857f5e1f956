/** Waits for what measured pages tell: `/loaded`, `/fragment`. */
export class Listener implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #heard = new Map<string, PromiseWithResolvers<number>>();

  constructor() {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
      const now = performance.now();
      this.#slot(new URL(request.url).pathname.slice(1)).resolve(now);
      return new Response(null, { status: 204, headers: { "access-control-allow-origin": "*" } });
    });
  }

  /** The address that `loaded` is told to. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/loaded`;
  }

  /** When an event was first heard, on the clock of `performance.now`. */
  at(event: string): Promise<number> {
    return this.#slot(event).promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  #slot(event: string): PromiseWithResolvers<number> {
    let slot = this.#heard.get(event);
    if (slot === undefined) {
      slot = Promise.withResolvers();
      this.#heard.set(event, slot);
    }
    return slot;
  }
}
