import { ErthError } from "../../errors.ts";
import type { Kind } from "./card.ts";

/** What an instance tells its guests. */
export type Word =
  /** It is glad of them. */
  | { word: "welcome" }
  /** A person wants to see the window. */
  | { word: "raise" }
  /** A page has saved all that it had, as it was asked to for this closing. */
  | { word: "saved"; closing: string };

interface Guest {
  kind: Kind;
  tell(word: Word): void;
}

const encoder = new TextEncoder();

/**
 * Commands and windows that use an instance which they didn't start. Each holds a connection for
 * as long as it does so; the system closes that, however the guest ends.
 */
export class Guests {
  readonly #guests = new Set<Guest>();
  #isClosed = false;
  #left = Promise.withResolvers<void>();

  /**
   * Takes one in: the answer's lines are words to it, and last until either side ends.
   *
   * @throws {ErthError} `SIDECAR_UNAVAILABLE` if the instance is about to end.
   */
  welcome({ url }: Request, signal: AbortSignal): Response {
    if (this.#isClosed) throw new ErthError("SIDECAR_UNAVAILABLE", "Erth is ending");
    const asked = new URL(url).searchParams.get("kind");
    const kind: Kind = asked === "window" ? asked : "command";
    let leave = () => {};
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const tell = (word: Word) =>
          controller.enqueue(encoder.encode(JSON.stringify(word) + "\n"));
        const guest = { kind, tell };
        leave = () => {
          signal.removeEventListener("abort", close);
          this.#guests.delete(guest);
          if (this.#commands() === 0) this.#left.resolve();
        };
        const close = () => {
          leave();
          controller.close();
        };
        signal.addEventListener("abort", close, { once: true });
        this.#guests.add(guest);
        tell({ word: "welcome" });
      },
      cancel: () => leave(),
    });
    return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
  }

  /** Raises the window that came last; whether there is one. */
  raise(): boolean {
    const window = [...this.#guests].findLast(({ kind }) => kind === "window");
    window?.tell({ word: "raise" });
    return window !== undefined;
  }

  /** Says something to all. */
  tell(word: Word): void {
    for (const guest of this.#guests) guest.tell(word);
  }

  /** Resolves when no command is a guest any more. A window goes on by itself. */
  async left(): Promise<void> {
    while (this.#commands() > 0) {
      this.#left = Promise.withResolvers();
      await this.#left.promise;
    }
  }

  /** Takes in nobody any more. */
  close(): void {
    this.#isClosed = true;
  }

  #commands(): number {
    return [...this.#guests].filter(({ kind }) => kind === "command").length;
  }
}
