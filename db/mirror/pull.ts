import { ErthError } from "../../errors.ts";
import { type Position, START } from "./books.ts";
import { SYSTEM_NOW } from "./capture.ts";
import { type MirrorSession, pause } from "./session.ts";
import { Inbox } from "./inbox.ts";
import type { MirrorNotice } from "./messages.ts";
import type { Context } from "./reconcile.ts";
import { accepted, type Pusher } from "./push.ts";
import { type Head, parseHead } from "../remote/answers.ts";
import { pullBack, signAnew } from "./stamps.ts";

/** How far a clock may be ahead of the remote's, and off before it is corrected; milliseconds. */
const AHEAD_MS = 60_000;
const OFF_MS = 2_000;

/** Fetches what is new, and finds out what became of the remote or of this folder meanwhile. */
export class Puller {
  readonly #session: MirrorSession;
  readonly #pusher: Pusher;
  readonly #inbox: Inbox;
  readonly #join: () => Promise<unknown>;
  #names: Record<string, string> = {};
  #heard = { now: 0, at: 0 };
  #joined = false;
  /** The remote was found empty, and that was said. */
  #emptied = false;

  /** @param join Makes this device known there. */
  constructor(session: MirrorSession, pusher: Pusher, join: () => Promise<unknown>) {
    this.#session = session;
    this.#pusher = pusher;
    this.#inbox = new Inbox(session.store);
    this.#join = join;
  }

  /** Whether the remote has to be asked before anything is sent. */
  get isDue(): boolean {
    return !this.#joined || this.#clockJumped();
  }

  /** Fetches until the newest batch known is the remote's newest. */
  async pull(signal?: AbortSignal): Promise<void> {
    for (;;) {
      const head = await this.#contact();
      let position = await this.#pusher.finishAccepted(this.#session.books.position!);
      this.#setClock(head);
      if (!this.#joined) await this.#join();
      this.#joined = true;
      if (head.head === position.head && position.begun === undefined) return;
      position = await this.#locate(position, head);
      this.#session.books.position = position = { ...position, begun: position.begun ?? head.head };
      await this.#fetchPages(position, signal);
      this.#arrive(head);
    }
  }

  /** Reaches the remote, makes its tables if need be, and knows it again. */
  async #contact(): Promise<Head> {
    const known = this.#session.books.position;
    // Somebody who has just connected to an empty database knows that it is empty.
    const lost = known !== undefined && !this.#session.options.merge;
    let head: Head | undefined;
    try {
      head = await this.#session.remote.head();
    } catch (error) {
      if (!(error instanceof ErthError) || error.code !== "MIRROR_REMOTE_WIPED") throw error;
      if (lost) this.#notice("MIRROR_REMOTE_WIPED");
      this.#emptied = lost;
    }
    if (head === undefined || head.schema < this.#session.schema) {
      const name = lost ? known.remote : undefined;
      await this.#session.remote.prepare(this.#session.tables, this.#session.schema, name);
      head = await this.#session.remote.head();
    }
    if (head.schema > this.#session.schema) {
      throw new ErthError(
        "MIRROR_SCHEMA_NEWER",
        `It has ${head.schema}, not ${this.#session.schema}`,
      );
    }
    if (known?.remote === head.remote) return head;
    if (lost) throw new ErthError("MIRROR_REMOTE_SWAPPED");
    this.#session.store.transaction(() => {
      if (known !== undefined) this.#session.outbox.resendAll({ deletions: false });
      const round = (known?.round ?? 0) + 1;
      this.#session.books.position = {
        ...START,
        remote: head.remote,
        round,
        comparing: known !== undefined,
      };
    });
    return head;
  }

  /** Works out what happened there since this device last knew everything. */
  async #locate(position: Position, head: Head): Promise<Position> {
    if (isOutOfReach(position, head)) {
      this.#notice("MIRROR_AWAY");
      return this.#startOver(position, { comparing: true, afresh: true });
    }
    const device = this.#session.books.device;
    const known = position.begun ?? position.head;
    const since = await this.#session.remote.since(known, device, position.cursor);
    this.#names = since.names;
    if (!since.known) {
      if (!this.#emptied) this.#notice("MIRROR_REMOTE_ROLLED_BACK");
      this.#emptied = false;
      this.#session.store.transaction(() => {
        this.#session.outbox.resendAll({ deletions: true });
        this.#startOver(position, { comparing: true });
      });
      return this.#session.books.position!;
    }
    if (since.next === null) return position;
    const attempt = position.attempts.find(({ id }) => id === since.next);
    let next: Position = { ...position, attempts: [] };
    if (attempt !== undefined) next = accepted(next, attempt);
    if (since.own > (attempt ? 1 : 0) && !position.comparing) {
      if (!position.copied) this.#notice("MIRROR_COPIED");
      next.copied = true;
    }
    this.#session.store.transaction(() => this.#session.books.position = next);
    return await this.#pusher.finishAccepted(next);
  }

  #startOver({ remote, round }: Position, how: Partial<Position>): Position {
    return this.#session.books.position = { ...START, remote, round: round + 1, ...how };
  }

  /** Fetches once more what this database refused. */
  async retry(): Promise<void> {
    const { books, options, remote, store, tables } = this.#session;
    const rows = store.rows<{ tbl: string; id: string }>(
      "SELECT tbl, id FROM mirror_aside WHERE direction = 'pull' LIMIT 500",
    );
    if (rows.length === 0 || books.position === undefined) return;
    const page = await remote.rowsByKey(tables, rows.map(({ tbl, id }) => [tbl, id]));
    const changes = await this.#inbox.apply(page, this.#context(books.position), pause, () => {});
    if (changes.length > 0) options.onChanged?.(changes);
  }

  /** Fetches all rows after the cursor. */
  async #fetchPages(position: Position, signal?: AbortSignal): Promise<void> {
    const { books, fault, options, remote, tables } = this.#session;
    const fetch = (cursor: Position["cursor"]) => {
      const page = remote.page(tables, cursor, options.limits?.page);
      // Its failure is met when it is this page's turn.
      page.catch(() => {});
      return page;
    };
    let done = 0;
    let total = 0;
    for (let upcoming = fetch(position.cursor);;) {
      signal?.throwIfAborted();
      const page = await upcoming;
      fault("page.fetched");
      if (page.count === 0) return;
      if (page.more) {
        if (total === 0) total = done + await this.#countRows(position);
        upcoming = fetch(page.cursor);
      }
      if (total > 0) await this.#checkRoom();
      const context = { ...this.#context(position), bulk: total > 0 };
      const changes = await this.#inbox.apply(page, context, pause, () => {
        books.position = { ...books.position!, cursor: page.cursor };
      });
      fault("page.applied");
      if (changes.length > 0) options.onChanged?.(changes);
      done += page.count;
      if (total > 0) options.onProgress?.(Math.min(done, total), total);
      if (!page.more) return;
    }
  }

  /** Keeps the disk's reserve: a long fetch would take all of it, and then no note can be saved. */
  async #checkRoom(): Promise<void> {
    if (await this.#session.options.room?.() !== 0) return;
    throw new ErthError("STORE_FULL", "The rest of the disk is kept free for notes");
  }

  async #countRows({ head, cursor }: Position): Promise<number> {
    return (await this.#session.remote.since(head, this.#session.books.device, cursor)).rows;
  }

  #context({ comparing, copied, round }: Position): Context {
    const { books, options, tables } = this.#session;
    return {
      tables,
      // A namesake's stamps aren't ours; without the batches since, it can't be told from us.
      device: copied || comparing ? "" : books.device,
      nameOf: (device) => this.#nameOf(device),
      round,
      merge: options.merging,
    };
  }

  /** All that the remote had at `head` is here. */
  #arrive({ head }: Head): void {
    const { begun: _, comparing: __, afresh, copied, ...position } = this.#session.books.position!;
    this.#session.store.transaction(() => {
      if (afresh) this.#deleteUntouched(position.round);
      if (copied) signAnew(this.#session.store);
      this.#session.books.position = { ...position, head };
    });
    // Under its new name it isn't known there yet.
    if (copied) this.#joined = false;
    this.#session.fault("pull.done");
  }

  /** Deletes rows that the remote has no more; what was edited here is sent again as a whole. */
  #deleteUntouched(round: number): void {
    const { store, tables } = this.#session;
    store.change("UPDATE mirror_clock SET muted = 1");
    for (const { name } of tables) {
      const rows = `FROM mirror_rows r WHERE tbl = '${name}' AND round < ${round}`;
      store.change(
        "UPDATE mirror_pending SET born = version, bases = '{}', versions = '{}' WHERE " +
          `tbl = '${name}' AND born IS NULL AND grave IS NULL AND id IN (SELECT id ${rows})`,
      );
      const others = ["pending", "aside"].map((book) =>
        `AND NOT EXISTS (SELECT 1 FROM mirror_${book} o WHERE o.tbl = r.tbl AND o.id = r.id)`
      );
      const gone = `${rows} ${others.join(" ")}`;
      store.change(`DELETE FROM ${name} WHERE id IN (SELECT id ${gone})`);
      store.change(`DELETE FROM mirror_rows WHERE tbl = '${name}' AND id IN (SELECT id ${gone})`);
    }
    store.change("UPDATE mirror_clock SET muted = 0");
  }

  /** Learns the remote's clock; stamps that are far ahead of it are replaced. */
  #setClock({ now }: Head): void {
    this.#heard = { now, at: performance.now() };
    const [clock] = this.#session.store.rows<{ ahead: number; late: number }>(
      `SELECT ahead, tick > (? + ${AHEAD_MS}) * 65536 AS late FROM mirror_clock`,
      BigInt(now),
    );
    const [local] = this.#session.store.rows<{ now: number }>(
      `SELECT ${this.#session.options.now ?? SYSTEM_NOW} AS now`,
    );
    const ahead = now - local!.now;
    if (Math.abs(ahead - clock!.ahead) < OFF_MS && !clock!.late) return;
    this.#session.store.transaction(() => {
      this.#session.store.change("UPDATE mirror_clock SET ahead = ?", BigInt(ahead));
      if (clock!.late) pullBack(this.#session.store, now + AHEAD_MS, now);
    });
  }

  /** Whether this computer's clock and the time since the remote's was heard tell different things. */
  #clockJumped(): boolean {
    const [row] = this.#session.store.rows<{ now: number }>(
      `SELECT ahead + ${this.#session.options.now ?? SYSTEM_NOW} AS now FROM mirror_clock`,
    );
    const { now, at } = this.#heard;
    return Math.abs(row!.now - now - (performance.now() - at)) > AHEAD_MS;
  }

  #nameOf(device: string): string {
    if (device === "" || device === this.#session.books.device) {
      return this.#session.options.deviceName;
    }
    return this.#names[device] ?? "another device";
  }

  /** Tells the person what was found and is being mended, until that is dismissed. */
  #notice(code: MirrorNotice["code"]): void {
    this.#session.options.log.warn("mirror.noticed", { code });
    const others = this.#session.books.notices.filter((notice) => notice.code !== code);
    this.#session.books.notices = [...others, { code, at: new Date().toISOString() }];
  }
}

/** Whether deletions were thrown away of which this device doesn't know yet. */
function isOutOfReach({ head, begun, cursor }: Position, { trimmed }: Head): boolean {
  const [seq] = parseHead(head);
  if (seq > 0) return seq < trimmed;
  // In the middle of a first load.
  return begun !== undefined && cursor[0] > 0 && parseHead(begun)[0] < trimmed;
}
