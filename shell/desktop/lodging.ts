import { delay } from "@std/async/delay";
import type { Running } from "../instance/card.ts";
import { Instance } from "../instance/instance.ts";
import { systemClock, within } from "../process/clock.ts";
import { Visit } from "../instance/visit.ts";

/** What the window does for it. */
export interface LodgingHost {
  /** Shows the instance's page. */
  show(url: string): void;
  /** Shows that somebody has the folder who doesn't answer. */
  wait(): void;
  raise(): void;
}

const POLL_MS = 100;
/** How long the page has for saving. */
const SAVING_MS = 2_000;

/** A window whose data folder another process has: it shows that one's pages, or waits for it. */
export class Lodging {
  readonly #data: string;
  readonly #host: LodgingHost;
  readonly #ending = new AbortController();
  readonly #saved = Promise.withResolvers<void>();
  #closing: string | undefined;
  #visit: Visit | undefined;

  constructor(data: string, host: LodgingHost) {
    this.#data = data;
    this.#host = host;
  }

  /**
   * Resolves when the folder is this process's own; with nothing if it can't be written to, or if
   * the window is to end.
   */
  async untilMine(): Promise<Instance | undefined> {
    const { signal } = this.#ending;
    for (let waits = false; !signal.aborted; await delay(POLL_MS)) {
      const claim = await Instance.claim(this.#data);
      if (claim.state === "mine") return claim.instance;
      if (claim.state === "unwritable") return undefined;
      const stayed = claim.state === "running" && await this.#stay(claim.running);
      if (!stayed && !waits) this.#host.wait();
      waits = !stayed;
    }
    return undefined;
  }

  /** Ends it once the page, told so under this name, has saved; the instance that it shows goes on. */
  async end(closing: string): Promise<void> {
    this.#closing = closing;
    if (this.#visit !== undefined) await within(systemClock, SAVING_MS, this.#saved.promise);
    this.#ending.abort();
    this.#visit?.end();
  }

  /** Shows an instance until that ends; whether it could be shown at all. */
  async #stay(running: Running): Promise<boolean> {
    const visit = this.#visit = await Visit.begin(running, "window");
    const link = await visit?.link();
    if (visit === undefined || link === undefined) {
      visit?.end();
      return false;
    }
    this.#host.show(link);
    for await (const said of visit.words()) {
      if (said.word === "raise") this.#host.raise();
      if (said.word === "saved" && said.closing === this.#closing) this.#saved.resolve();
    }
    this.#visit = undefined;
    // Its instance has asked the page for its words itself.
    this.#saved.resolve();
    return true;
  }
}
