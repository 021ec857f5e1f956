import type { Log } from "../../log.ts";
import type { Clock } from "../process/clock.ts";
import type { Draft, Drafts, UnsavedText } from "./drafts.ts";

/** What a page says when it is told that it will be closed, and again when that is saved. */
export interface Confirmation {
  /** Which of all closings. */
  closing: string;
  /** Which of all pages, by a random word of its own. */
  page: string;
  /** What it still has to save; nothing: all is saved. */
  unsaved: UnsavedText[];
}

/** What last words need. */
export interface LastWordsOptions {
  drafts: Drafts;
  clock: Clock;
  mintId: () => string;
  log: Log;
}

interface Page extends Confirmation {
  /** The drafts that its words were kept as. */
  kept: string[];
  cancel: () => void;
}

/** How long a page has for saving, in milliseconds; then its words are kept as drafts. */
export const SAVING_MS = 2_000;
/** How long other tabs of a browser have for their first word, once one of them has said it. */
const OTHERS_MS = 50;

/**
 * Hears of pages that close what they couldn't save yet, and keeps that if they don't come to it:
 * it is never only in a page that is gone in a moment.
 */
export class LastWords {
  readonly #options: LastWordsOptions;
  readonly #pages = new Map<string, Page>();
  #heard = Promise.withResolvers<void>();

  constructor(options: LastWordsOptions) {
    this.#options = options;
  }

  /** A page says how it stands. */
  hear(said: Confirmation): void {
    const before = this.#pages.get(said.page);
    before?.cancel();
    const kept = before?.kept ?? [];
    const saved = said.unsaved.length === 0;
    if (saved) this.#options.drafts.remove(kept);
    const cancel = saved
      ? () => {}
      : this.#options.clock.after(SAVING_MS, () => this.#keep(said.page));
    this.#pages.set(said.page, { ...said, kept: saved ? [] : kept, cancel });
    this.#heard.resolve();
    this.#heard = Promise.withResolvers();
  }

  /** Resolves when so many pages at least have said for this closing that all is saved. */
  async saved(closing: string, pages: number): Promise<void> {
    if (pages === 0) return;
    while (!this.#isSaved(closing, pages)) await this.#heard.promise;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#options.clock.after(OTHERS_MS, resolve);
    await promise;
    if (!this.#isSaved(closing, pages)) await this.saved(closing, pages);
  }

  /** Keeps at once what isn't saved. */
  keep(): void {
    for (const page of this.#pages.keys()) this.#keep(page);
  }

  #isSaved(closing: string, pages: number): boolean {
    const heard = [...this.#pages.values()].filter((page) => page.closing === closing);
    return heard.length >= pages && heard.every(({ unsaved }) => unsaved.length === 0);
  }

  #keep(name: string): void {
    const { clock, drafts, log, mintId } = this.#options;
    const page = this.#pages.get(name);
    if (page === undefined || page.unsaved.length === 0) return;
    page.cancel();
    const at = new Date(clock.now()).toISOString();
    const kept: Draft[] = page.unsaved.map((text) => ({ id: mintId(), at, ...text }));
    drafts.remove(page.kept);
    drafts.add(kept);
    log.warn("page.unsaved", { drafts: kept.length });
    this.#pages.set(name, { ...page, unsaved: [], kept: kept.map(({ id }) => id) });
  }
}
