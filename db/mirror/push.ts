import type { Batch } from "../remote/batch.ts";
import { parseHead } from "../remote/answers.ts";
import { ErthError } from "../../errors.ts";
import { type Attempt, END, type Position } from "./books.ts";
import { type MirrorSession, pause } from "./session.ts";

/** Up to this many rows a batch is the last one, most likely. */
const FEW = 500;

/** Sends what waits, in batches that each are taken whole or not at all. */
export class Pusher {
  readonly #session: MirrorSession;
  /** An accepted batch that is being crossed out while the next one is on its way. */
  #crossing: Promise<unknown> = Promise.resolve();

  constructor(session: MirrorSession) {
    this.#session = session;
  }

  /** Sends what waits; false if the remote has news that have to be fetched first. */
  async push(signal?: AbortSignal): Promise<boolean> {
    try {
      return await this.#send(signal);
    } finally {
      // Whatever ended it: nothing goes on behind the back of the next round.
      await Promise.allSettled([this.#crossing]);
    }
  }

  async #send(signal?: AbortSignal): Promise<boolean> {
    const limit = this.#session.options.limits?.batch ?? Infinity;
    let most = limit;
    this.#crossing = Promise.resolve();
    let batch = this.#session.outbox.next(this.#session.tables, 0, most);
    while (batch !== undefined) {
      signal?.throwIfAborted();
      const attempt = await this.#announce(batch);
      const sent = this.#session.remote.push(
        attempt.id,
        attempt.base,
        this.#session.books.device,
        batch,
      );
      // Its failure is met below; it may come earlier.
      sent.catch(() => {});
      let taken: boolean;
      let next: Batch | undefined;
      try {
        // Once the request is on its way, the next one is made while the network is waited for.
        if (batch.rows > FEW) {
          await pause();
          next = this.#session.outbox.next(this.#session.tables, batch.upto, most);
        }
        [taken] = await Promise.all([sent, this.#crossing]);
      } catch (error) {
        await Promise.allSettled([sent, this.#crossing]);
        if (!this.#withoutPoison(batch, error)) throw error;
        most = batch.rows > 1 ? Math.floor(batch.rows / 2) : limit;
        batch = this.#session.outbox.next(this.#session.tables, 0, most);
        continue;
      }
      this.#session.fault("push.answered");
      if (!taken) return false;
      this.#session.store.transaction(() => {
        this.#session.books.position = accepted(this.#session.books.position!, attempt);
      });
      this.#session.fault("push.accepted");
      this.#crossing = this.finishAccepted(this.#session.books.position!);
      // Its failure is met with the next answer.
      this.#crossing.catch(() => {});
      if (next === undefined) {
        await this.#crossing;
        next = this.#session.outbox.next(this.#session.tables, 0, most);
      }
      batch = next;
    }
    await this.#crossing;
    return true;
  }

  /** Writes down, and on the disk, what is about to be sent. */
  async #announce({ upto, made, exact }: Batch): Promise<Attempt> {
    const attempt = await this.#session.store.transaction(() => {
      const position = this.#session.books.position!;
      const id = crypto.randomUUID().slice(-12);
      const attempt = { id, base: position.head, upto, made, exact };
      const attempts = position.attempts.filter(({ base }) => base === position.head);
      this.#session.books.position = { ...position, attempts: [...attempts, attempt] };
      return attempt;
    });
    this.#session.fault("attempt.stored");
    await this.#session.store.sync();
    this.#session.fault("attempt.synced");
    return attempt;
  }

  /** Sets a row aside that is refused; of several it has to be found first. False: not a row's fault. */
  #withoutPoison(batch: Batch, error: unknown): boolean {
    if (!(error instanceof ErthError) || !/^MIRROR_ROW_/.test(error.code)) return false;
    if (batch.rows === 1) {
      this.#session.outbox.setAside(batch.first, error);
      this.#session.options.log.warn("mirror.aside", { ...batch.first, code: error.code });
    }
    return true;
  }

  /** Crosses out what an accepted attempt held, if that isn't done yet. */
  async finishAccepted(position: Position): Promise<Position> {
    const { accepted: attempt } = position;
    if (attempt === undefined) return position;
    await this.#session.outbox.crossOut(attempt, pause);
    this.#session.fault("push.crossed");
    return this.#session.store.transaction(() => {
      // Meanwhile another attempt may have been written down.
      const { accepted: _, ...rest } = this.#session.books.position!;
      return this.#session.books.position = rest;
    });
  }
}

/** The position after a batch of ours was taken. */
export function accepted(position: Position, attempt: Attempt): Position {
  const [seq] = parseHead(attempt.base);
  return {
    ...position,
    head: `${seq + 1}-${attempt.id}`,
    // Our own rows needn't be fetched.
    cursor: position.cursor[0] > seq + 1 ? position.cursor : [seq + 1, END],
    attempts: [],
    accepted: attempt,
  };
}
