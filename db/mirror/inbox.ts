import type { Page } from "../remote/answers.ts";
import type { Change } from "./changes.ts";
import { asErthError } from "../../errors.ts";
import { type Context, Reconciler } from "./reconcile.ts";
import { tickOf } from "./stamps.ts";
import type { Store } from "../store/store.ts";
import { fromObject, type Table } from "../store/tables.ts";

/** Rows applied in one transaction, and how long that may take: others wait for no more. */
const CHUNK = { least: 50, first: 100, most: 1000 };
const CHUNK_MS = 10;

/** Brings rows of the remote into the local tables. */
export class Inbox {
  readonly #store: Store;
  readonly #reconciler: Reconciler;
  #size = CHUNK.first;

  constructor(store: Store) {
    this.#store = store;
    this.#reconciler = new Reconciler(store);
    store.run(
      "CREATE TEMP TABLE IF NOT EXISTS page (k INTEGER PRIMARY KEY, tbl TEXT, id TEXT, stamp TEXT, " +
        "cells TEXT, deleted TEXT, v BLOB, both INTEGER)",
    );
  }

  /**
   * Applies a page, some rows at a time, with a pause in between for others who write. A row that
   * this database refuses is set aside. `saved` runs in the last transaction.
   */
  async apply(
    page: Page,
    context: Context,
    pause: () => Promise<void>,
    saved: () => void,
  ): Promise<Change[]> {
    const count = this.#lay(page);
    const changes: Change[] = [];
    for (let from = 0, to = 0; from < count; from = to) {
      to = Math.min(from + this.#size, count);
      const last = to === count ? saved : () => {};
      const start = performance.now();
      try {
        changes.push(...this.#chunk(from, to, context, last));
      } catch (error) {
        if (!isRefusal(error)) throw error;
        for (let k = from; k < to; k++) changes.push(...this.#single(k, context));
        this.#store.transaction(last);
      }
      const faster = CHUNK_MS / Math.max(performance.now() - start, 0.1);
      const size = Math.round((to - from) * Math.min(faster, 2));
      this.#size = Math.max(CHUNK.least, Math.min(size, CHUNK.most));
      if (to < count) await pause();
    }
    if (count === 0) this.#store.transaction(saved);
    return changes;
  }

  /** Spreads the page out in a table of this connection alone: that locks nobody out. */
  #lay({ rows, large }: Page): number {
    this.#store.change("DELETE FROM temp.page");
    const count = this.#store.change(
      "INSERT INTO temp.page SELECT key, value ->> 0, value ->> 1, value ->> 2, value ->> 3, " +
        "value ->> 4, CASE json_type(value, '$[5]') WHEN 'object' THEN jsonb(value -> 5) END, 0 " +
        "FROM json_each(?)",
      rows,
    );
    for (const { table, id, values } of large) {
      this.#store.change(
        "UPDATE temp.page SET v = jsonb(?) WHERE tbl = ? AND id = ?",
        JSON.stringify(values),
        table,
        id,
      );
    }
    // A large row that was deleted meanwhile comes again, as deleted.
    this.#store.change("DELETE FROM temp.page WHERE v IS NULL AND deleted IS NULL");
    return count;
  }

  #single(k: number, context: Context): Change[] {
    try {
      return this.#chunk(k, k + 1, context, () => {});
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.#store.change(
        "INSERT INTO mirror_aside (tbl, id, direction, code, reason, at) " +
          "SELECT tbl, id, 'pull', 'MIRROR_ROW_REFUSED', ?, strftime('%Y-%m-%dT%H:%M:%fZ') " +
          "FROM temp.page WHERE k = ? ON CONFLICT DO UPDATE SET direction = excluded.direction, " +
          "code = excluded.code, reason = excluded.reason, at = excluded.at",
        asErthError(error).detail,
        k,
      );
      return [];
    }
  }

  /** Applies rows `from` to `to`, the latter not included, in one transaction. */
  #chunk(from: number, to: number, context: Context, last: () => void): Change[] {
    return this.#store.transaction(() => {
      const store = this.#store;
      store.change(
        "UPDATE temp.page SET both = EXISTS (SELECT 1 FROM mirror_pending p " +
          "WHERE p.tbl = page.tbl AND p.id = page.id) WHERE k >= ? AND k < ?",
        from,
        to,
      );
      const rows = store.rows<{ k: number; tbl: string; both: number; gone: number }>(
        "SELECT k, tbl, both, deleted IS NOT NULL AS gone FROM temp.page WHERE k >= ? AND k < ?",
        from,
        to,
      );
      const tables = context.tables.filter(({ name }) => rows.some(({ tbl }) => tbl === name));
      const changes = tables.flatMap((table) => this.#news(table, from, to));
      const tick = this.#latest(from, to);
      store.change(
        "UPDATE mirror_clock SET muted = ?, tick = max(tick, ?)",
        context.bulk ? 2 : 1,
        tick,
      );
      for (const table of tables) {
        const alone = rows.filter(({ tbl, both }) => tbl === table.name && !both);
        if (alone.some(({ gone }) => !gone)) this.#adopt(table, from, to);
        if (alone.some(({ gone }) => gone)) this.#delete(table, from, to);
      }
      store.change(
        `INSERT INTO mirror_rows (tbl, id, stamp, cells, deleted, round)
          SELECT tbl, id, stamp, cells, deleted, ? FROM temp.page WHERE k >= ? AND k < ? AND NOT both
          ON CONFLICT DO UPDATE SET stamp = excluded.stamp, cells = excluded.cells,
            deleted = excluded.deleted, round = excluded.round`,
        context.round,
        from,
        to,
      );
      const follow = rows.filter(({ both }) => both).map(({ k }) =>
        this.#reconciler.merge(k, context)
      );
      store.change("UPDATE mirror_clock SET muted = 0");
      // These are changes of this device: the triggers note them.
      for (const step of follow) changes.push(...step());
      store.change(
        "DELETE FROM mirror_aside WHERE direction = 'pull' AND (tbl, id) IN " +
          "(SELECT tbl, id FROM temp.page WHERE k >= ? AND k < ?)",
        from,
        to,
      );
      last();
      return changes;
    });
  }

  /** Takes over rows that have no changes of ours. */
  #adopt({ name, columns }: Table, from: number, to: number): void {
    const names = columns.map((column) => column.name);
    this.#store.change(
      `INSERT INTO ${name} (id, ${names.join(", ")})
        SELECT id, ${columns.map((column) => fromObject(column, "v")).join(", ")}
        FROM temp.page WHERE k >= ? AND k < ? AND tbl = '${name}' AND NOT both AND v IS NOT NULL
        ON CONFLICT (id) DO UPDATE SET ${names.map((c) => `${c} = excluded.${c}`).join(", ")}
        WHERE ${names.map((c) => `${name}.${c} IS NOT excluded.${c}`).join(" OR ")}`,
      from,
      to,
    );
  }

  #delete({ name }: Table, from: number, to: number): void {
    this.#store.change(
      `DELETE FROM ${name} WHERE id IN (SELECT id FROM temp.page WHERE k >= ? AND k < ?
        AND tbl = '${name}' AND NOT both AND deleted IS NOT NULL)`,
      from,
      to,
    );
  }

  /** Whom these rows are news of. What is gone is asked before it goes. */
  #news({ name, topic, subject }: Table, from: number, to: number): Change[] {
    const ids = this.#store.rows<{ id: string | null }>(
      subject === "id"
        ? `SELECT id FROM temp.page WHERE k >= ? AND k < ? AND tbl = '${name}'`
        : `SELECT DISTINCT coalesce(p.v ->> '$.${subject}', t.${subject}) AS id FROM temp.page p ` +
          `LEFT JOIN ${name} t ON t.id = p.id WHERE k >= ? AND k < ? AND p.tbl = '${name}'`,
      from,
      to,
    );
    return ids.flatMap(({ id }) => id === null ? [] : [{ topic, id }]);
  }

  /** The clock of the latest stamp: what is written here from now on comes after it. */
  #latest(from: number, to: number): bigint {
    const [row] = this.#store.rows<{ stamp: string | null }>(
      `SELECT max(stamp) AS stamp FROM (SELECT max(stamp, coalesce(deleted, stamp)) AS stamp
        FROM temp.page WHERE k >= ?1 AND k < ?2
        UNION ALL SELECT j.value FROM temp.page, json_each(cells) j
        WHERE k >= ?1 AND k < ?2 AND cells != '{}')`,
      from,
      to,
    );
    return tickOf(row?.stamp ?? "0000000000000000");
  }
}

/** Whether the database refuses this row, and would always. */
function isRefusal(error: unknown): boolean {
  return /SQLITE_(CONSTRAINT|MISMATCH|TOOBIG)|constraint failed|cannot store/.test(
    asErthError(error).detail,
  );
}
