import type { Books } from "./books.ts";
import { capture, enterOldRows } from "./capture.ts";
import { type MirrorOptions, MirrorSession, pause } from "./session.ts";
import type { Outbox } from "./outbox.ts";
import { Puller } from "./pull.ts";
import { Pusher } from "./push.ts";
import type { Company, RemoteDevice } from "../remote/answers.ts";

/** How long this device remembers what was deleted, in case the remote forgets it. */
const GRAVE_DAYS = 90;

/**
 * Keeps a database and a remote equal. Each step leaves books in the transaction of what it does, so
 * that it can be cut off anywhere and goes on from there; `docs/mirror.md` has the whole idea.
 */
export class Mirror {
  readonly #session: MirrorSession;
  readonly #pusher: Pusher;
  readonly #puller: Puller;
  #devices: readonly RemoteDevice[] = [];
  #entered = false;

  private constructor(options: MirrorOptions) {
    this.#session = new MirrorSession(options);
    this.#pusher = new Pusher(this.#session);
    this.#puller = new Puller(this.#session, this.#pusher, () => this.report());
  }

  /** Makes the triggers, if they aren't there. Nothing is sent or fetched yet. */
  static open(options: MirrorOptions): Promise<Mirror> {
    capture(options.store, { now: options.now });
    return Promise.resolve(new Mirror(options));
  }

  /** Who shares the remote, as last heard. */
  get devices(): readonly RemoteDevice[] {
    return this.#devices;
  }

  /** The changes that wait. */
  get outbox(): Outbox {
    return this.#session.outbox;
  }

  /** What it remembers between its steps. */
  get books(): Books {
    return this.#session.books;
  }

  /**
   * One whole round: fetches until nothing is new, sends until nothing waits. After an error the next
   * call goes on where this one stopped.
   *
   * @param hasNews Whether to ask for news at first; without, that happens only if the remote turns
   * out to have some.
   * @throws {ErthError} `MIRROR_…`, `STORE_…`.
   */
  async sync(signal?: AbortSignal, hasNews = true): Promise<void> {
    if (!this.#entered) await enterOldRows(this.#session.store, pause);
    this.#entered = true;
    let fetch = hasNews || this.#puller.isDue;
    for (;;) {
      signal?.throwIfAborted();
      if (fetch) await this.#puller.pull(signal);
      fetch = !await this.#pusher.push(signal);
      if (!fetch) return;
    }
  }

  /** Lets rows that one side refused be tried once more. */
  async retryAside(): Promise<void> {
    this.outbox.retryAside();
    await this.#puller.retry();
  }

  /** Throws away what nobody needs any more, there and here. */
  async trim(): Promise<void> {
    await this.#session.remote.trim();
    this.#session.store.change(
      "DELETE FROM mirror_rows WHERE deleted < printf('%016x', " +
        `CAST((unixepoch() - ${GRAVE_DAYS} * 86400) * 1000 AS INTEGER) * 65536) ` +
        "AND NOT EXISTS (SELECT 1 FROM mirror_pending p " +
        "WHERE p.tbl = mirror_rows.tbl AND p.id = mirror_rows.id)",
    );
  }

  /** Tells the remote how far this device has got, and hears of the others. */
  async report(): Promise<Company> {
    const { books, options, remote, store } = this.#session;
    const { deviceName, version } = options;
    const head = books.position?.head ?? "0-";
    // What it says it has isn't kept there for it any more: a power cut mustn't take it back here.
    await store.sync();
    await remote.report({ id: books.device, name: deviceName, version, head });
    const company = await remote.company();
    this.#devices = company.devices;
    return company;
  }
}
