import { deadline } from "@std/async/deadline";
import { TextLineStream } from "@std/streams/text-line-stream";
import type { Kind, Running } from "./card.ts";
import { isBelow } from "./proof.ts";
import type { Word } from "./guests.ts";

const WELCOME_MS = 5_000;

/** The stay at an instance that somebody else started; see `Guests`. */
export class Visit {
  readonly #running: Running;
  readonly #lines: AsyncIterableIterator<string>;
  readonly #ending: AbortController;

  private constructor(
    running: Running,
    lines: AsyncIterableIterator<string>,
    ending: AbortController,
  ) {
    this.#running = running;
    this.#lines = lines;
    this.#ending = ending;
  }

  /** Begins one; `undefined` if the instance is about to end, or doesn't answer. */
  static async begin(running: Running, kind: Kind): Promise<Visit | undefined> {
    const ending = new AbortController();
    try {
      const visiting = post(running, `shell/guest?kind=${kind}`, ending.signal);
      const { body, ok } = await deadline(visiting, WELCOME_MS);
      if (ok && body !== null) {
        const lines = body.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
        return new Visit(running, lines[Symbol.asyncIterator](), ending);
      }
      await body?.cancel();
    } catch {
      ending.abort();
    }
    return undefined;
  }

  /** What the instance says, until it ends or `end` is called. */
  async *words(): AsyncGenerator<Word> {
    try {
      for await (const line of this.#lines) yield JSON.parse(line);
    } catch {
      // Its connection broke, which is an end as good as any.
    }
  }

  /**
   * A link to it for a browser, which works once; `undefined` if it gives none that leads to
   * itself.
   */
  async link(): Promise<string | undefined> {
    try {
      const answer = await post(this.#running, "shell/open", AbortSignal.timeout(WELCOME_MS));
      const { url } = await answer.json();
      return typeof url === "string" && isBelow(this.#running, url) ? url : undefined;
    } catch {
      return undefined;
    }
  }

  /** Ends it. */
  end(): void {
    this.#ending.abort();
  }
}

/** Has an instance show its window; whether it has one. */
export async function raise(running: Running): Promise<boolean> {
  try {
    const answer = await post(running, "shell/focus", AbortSignal.timeout(WELCOME_MS));
    const { raised } = await answer.json();
    return raised === true;
  } catch {
    return false;
  }
}

function post({ url, token }: Running, path: string, signal: AbortSignal): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, accept: "application/json" };
  return fetch(url + path, { method: "POST", headers, signal, redirect: "error" });
}
