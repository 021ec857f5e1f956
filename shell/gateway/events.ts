/** What a page is told: that something of a topic changed. Names and ids only. */
export interface Change {
  topic: string;
  id?: string;
}

const REMEMBERED = 500;
const KEEP_ALIVE_MS = 20_000;
const encoder = new TextEncoder();

/** One stream of changes to every page (Server-Sent Events, WHATWG HTML §9.2). */
export class EventHub {
  readonly #listeners = new Set<(text: string) => void>();
  readonly #recent: { id: number; text: string }[] = [];
  readonly #onListeners: (count: number) => void;
  #last = 0;
  readonly #pages = new Set<(text: string) => void>();
  #hadPages = false;

  /** @param onListeners Called with the number of open streams whenever it changes. */
  constructor(onListeners: (count: number) => void = () => {}) {
    this.#onListeners = onListeners;
  }

  /** The id of the latest change, 0 before the first: what a page served now has seen. */
  get last(): number {
    return this.#last;
  }

  /** How many of the streams are open for pages, which can be asked to save. */
  get pages(): number {
    return this.#pages.size;
  }

  /** Whether a page has listened yet. */
  get hadPages(): boolean {
    return this.#hadPages;
  }

  /** How many streams are open. */
  get listeners(): number {
    return this.#listeners.size;
  }

  /** Tells every page that it will be closed. Who listens later has missed nothing. */
  close(closing: string): void {
    const text = `event: closing\ndata: ${JSON.stringify({ closing })}\n\n`;
    for (const listener of this.#listeners) listener(text);
  }

  /** Tells every page. */
  publish(change: Change): void {
    const id = ++this.#last;
    const text = `event: changed\nid: ${id}\ndata: ${JSON.stringify(change)}\n\n`;
    this.#recent.push({ id, text });
    if (this.#recent.length > REMEMBERED) this.#recent.shift();
    for (const listener of this.#listeners) listener(text);
  }

  /**
   * A stream that starts with what was missed since `lastEventId`, or with `reset` if that can't be
   * told any more. A page that never listened before misses nothing.
   *
   * @param forPage Whether a page listens, not a script.
   */
  stream(lastEventId: string | null, signal: AbortSignal, forPage = true): Response {
    let end = () => {};
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const send = (text: string) => controller.enqueue(encoder.encode(text));
        const keepAlive = setInterval(() => send(": still here\n\n"), KEEP_ALIVE_MS);
        end = () => {
          clearInterval(keepAlive);
          signal.removeEventListener("abort", close);
          this.#pages.delete(send);
          if (this.#listeners.delete(send)) this.#onListeners(this.listeners);
        };
        const close = () => {
          end();
          controller.close();
        };
        signal.addEventListener("abort", close, { once: true });
        send(`retry: 500\n\n${this.#missed(lastEventId)}`);
        this.#listeners.add(send);
        if (forPage) this.#pages.add(send);
        this.#hadPages ||= forPage;
        this.#onListeners(this.listeners);
      },
      cancel: () => end(),
    });
    return new Response(body, {
      headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
    });
  }

  #missed(lastEventId: string | null): string {
    // The id line lets a page that reconnects later say from where.
    if (lastEventId === null || lastEventId === "") {
      return `event: hello\nid: ${this.#last}\ndata: {}\n\n`;
    }
    const last = Number(lastEventId);
    const oldest = this.#recent[0]?.id ?? this.#last + 1;
    if (!Number.isInteger(last) || last > this.#last || last < oldest - 1) {
      return `event: reset\nid: ${this.#last}\ndata: {}\n\n`;
    }
    return this.#recent.filter(({ id }) => id > last).map(({ text }) => text).join("");
  }
}
