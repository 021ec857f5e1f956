import type { Batch } from "../remote/batch.ts";
import { ErthError } from "../../errors.ts";
import type { Attempt } from "./books.ts";
import { BASES_ALONE, RESENT } from "./capture.ts";
import type { MirrorAside } from "./messages.ts";
import { rowSize } from "../remote/schema.ts";
import type { Store } from "../store/store.ts";
import { rowObject, type Table, toJson } from "../store/tables.ts";

/** Rows, and bytes of their text, in one batch. */
const MOST_ROWS = 2000;
const MOST_BYTES = 3_000_000;

/** Rows crossed out in one transaction. */
const CHUNK = 250;

/** The changes that the remote doesn't have yet. */
export class Outbox {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** How many rows wait; those set aside don't count. */
  get pending(): number {
    return this.#store.rows<{ n: number }>(
      "SELECT (SELECT count(*) FROM mirror_pending) - (SELECT count(*) FROM mirror_aside a " +
        "JOIN mirror_pending r USING (tbl, id) WHERE a.direction = 'push' " +
        "AND a.version >= r.version) AS n",
    )[0]!.n;
  }

  /** Rows that one side refuses; 100 at most. */
  get aside(): MirrorAside[] {
    return this.#store.rows<MirrorAside>(
      'SELECT tbl AS "table", id, direction, code, reason, at FROM mirror_aside LIMIT 100',
    );
  }

  /** The next changes after number `from`, at most `most` rows; undefined if none wait. */
  next(tables: readonly Table[], from = 0, most = MOST_ROWS): Batch | undefined {
    const store = this.#store;
    const [some] = store.rows(
      `SELECT 1 FROM mirror_pending r WHERE version > ? AND ${WAITS} LIMIT 1`,
      from,
    );
    if (some === undefined) return undefined;
    store.change("UPDATE mirror_clock SET made = version WHERE made != version");
    return store.snapshot(() => this.#read(tables, from, most));
  }

  #read(tables: readonly Table[], from: number, most: number): Batch | undefined {
    const [clock] = this.#store.rows<{ version: number; made: number }>(
      "SELECT version, made FROM mirror_clock",
    );
    const rows = this.#store.rows<Waiting>(
      "SELECT tbl, id, version, kind, sum(size) OVER (ORDER BY version ROWS UNBOUNDED PRECEDING) AS total " +
        `FROM (SELECT tbl, id, version, ${KIND} AS kind, coalesce(${
          rowSize(tables)
        }, 0) + 100 AS size ` +
        `FROM mirror_pending r WHERE version > ? AND ${WAITS} ORDER BY version LIMIT ?)`,
      from,
      Math.min(most, MOST_ROWS),
    );
    const [first] = rows;
    if (first === undefined) return undefined;
    const within = rows.filter(({ total }) => total <= MOST_BYTES);
    const last = within.at(-1) ?? first;
    // Text is the shorter way for little: JSONB travels in base 64.
    const small = last.total < 20_000;
    const sent = within.length > 0 ? within : [first];
    const kinds = new Set(sent.map(({ tbl, kind }) => `${tbl}.${kind}`));
    const body = this.#body(tables, kinds, from, last.version, small ? "json" : "jsonb");
    return {
      upto: last.version,
      made: clock!.version,
      exact: clock!.version === clock!.made,
      rows: sent.length,
      body,
      first: { table: first.tbl, id: first.id, version: first.version },
    };
  }

  /** Puts a row that the remote refuses out of the others' way, until it changes or is retried. */
  setAside({ table, id, version }: Batch["first"], { code, detail }: ErthError): void {
    this.#store.change(
      "INSERT INTO mirror_aside (tbl, id, direction, version, code, reason, at) " +
        "VALUES (?, ?, 'push', ?, ?, ?, strftime('%Y-%m-%dT%H:%M:%fZ')) ON CONFLICT DO UPDATE SET " +
        "direction = excluded.direction, version = excluded.version, code = excluded.code, reason = excluded.reason, " +
        "at = excluded.at",
      table,
      id,
      version,
      code,
      detail,
    );
  }

  /** Lets rows that the remote refused be tried once more. */
  retryAside(): void {
    const store = this.#store;
    store.transaction(() => {
      // As if they had just changed: an attempt whose answer is out didn't hold them.
      const count = store.change(
        "UPDATE mirror_pending AS r SET version = n.version, prior = NULL, " +
          "born = iif(r.born IS NULL, NULL, n.version), versions = (SELECT " +
          "json_group_object(key, n.version) FROM json_each(r.versions)) FROM (SELECT tbl, id, " +
          "c.version + row_number() OVER () AS version FROM mirror_aside, mirror_clock c " +
          "WHERE direction = 'push') n WHERE r.tbl = n.tbl AND r.id = n.id",
      );
      if (count > 0) {
        store.change(
          "UPDATE mirror_clock SET version = version + (SELECT count(*) FROM mirror_aside)",
        );
      }
      store.change("DELETE FROM mirror_aside WHERE direction = 'push'");
    });
  }

  /**
   * Crosses out what an accepted attempt held, some rows at a time. What has changed since it was
   * made goes on waiting, less the columns that it held.
   */
  async crossOut({ upto, made, exact }: Attempt, pause: () => Promise<void>): Promise<void> {
    const store = this.#store;
    // If it isn't known which of these rows it held, they are sent whole once more, with stamps that
    // the remote has already.
    if (exact || upto >= made) {
      store.change(
        "UPDATE mirror_pending AS r SET born = CASE WHEN born > ?1 THEN born END, versions = (SELECT " +
          "json_group_object(key, value) FROM json_each(versions) WHERE value > ?1), " +
          `bases = ${BASES_ALONE} WHERE version > ?2 AND (prior <= ?1 OR ?1 >= ?2) ` +
          "AND NOT EXISTS (SELECT 1 FROM mirror_aside a WHERE a.tbl = r.tbl AND a.id = r.id " +
          "AND a.direction = 'push' AND a.version >= r.prior)",
        upto,
        made,
      );
    }
    for (;;) {
      const done = store.change(
        `DELETE FROM mirror_pending WHERE (tbl, id) IN (SELECT tbl, id FROM mirror_pending r ` +
          `WHERE version <= ? AND ${WAITS} LIMIT ${CHUNK})`,
        upto,
      );
      if (done < CHUNK) break;
      await pause();
    }
    // Rows that went through at last.
    store.change(
      "DELETE FROM mirror_aside WHERE direction = 'push' AND NOT EXISTS (SELECT 1 FROM " +
        "mirror_pending p WHERE p.tbl = mirror_aside.tbl AND p.id = mirror_aside.id)",
    );
  }

  /**
   * Marks every row here as to be sent once more; its stamps say how it compares with what is there.
   *
   * @param options.deletions Whether what is known to be deleted is deleted there as well.
   */
  resendAll({ deletions }: { deletions: boolean }): void {
    this.#store.change(
      "INSERT INTO mirror_pending (tbl, id, version, born, bases, grave) " +
        "SELECT tbl, id, v, iif(here, v, NULL), iif(here, json_object(?1, 1), '{}'), " +
        "iif(here, NULL, '{}') FROM (SELECT tbl, id, deleted IS NULL AS here, c.version + " +
        "row_number() OVER () AS v FROM mirror_rows, mirror_clock c WHERE deleted IS NULL OR ?2) " +
        "WHERE true ON CONFLICT DO UPDATE SET " +
        "bases = CASE WHEN born IS NULL THEN json_patch(bases, excluded.bases) ELSE bases END, " +
        "born = coalesce(born, version) WHERE grave IS NULL",
      RESENT,
      Number(deletions),
    );
    this.#store.change(
      "UPDATE mirror_clock SET version = max(version, (SELECT coalesce(max(version), 0) " +
        "FROM mirror_pending))",
    );
  }

  #body(
    tables: readonly Table[],
    kinds: ReadonlySet<string>,
    from: number,
    upto: number,
    make: "json" | "jsonb",
  ): Uint8Array | string {
    const parts = tables.flatMap((table) => {
      const { name, columns } = table;
      const list = (kind: string, entry: string) =>
        kinds.has(`${name}.${kind}`)
          ? [
            `'${kind}', (SELECT json_group_array(json_array(${entry})) ` +
            "FROM mirror_pending r JOIN mirror_rows m USING (tbl, id) " +
            `LEFT JOIN ${name} t ON t.id = r.id WHERE r.version > ?1 AND r.version <= ?2 ` +
            // The plus keeps the plan from reading all that waits of this table.
            `AND +r.tbl = '${name}' AND ${KIND} = '${kind}' AND ${WAITS})`,
          ]
          : [];
      const cell = columns.map((column) => `WHEN '${column.name}' THEN ${toJson(column, "t")}`);
      const values = `(SELECT json_group_object(key, CASE key ${cell.join(" ")} END) ` +
        "FROM json_each(r.versions))";
      const stamps = `(SELECT json_group_object(key, coalesce(m.cells ->> ('$.' || key), ` +
        "m.stamp)) FROM json_each(r.versions))";
      const all = `${rowObject(table, "t")}, m.stamp, json(m.cells)`;
      const lists = [
        ...list("full", `r.id, ${all}`),
        ...list("part", `r.id, ${values}, NULL, ${stamps}`),
        ...list("gone", "r.id, m.deleted"),
      ];
      return lists.length > 0 ? [`'${name}', json_object(${lists.join(", ")})`] : [];
    });
    // As text, for a reader whose numbers have 53 bits.
    const tick = "'tick', (SELECT CAST(tick AS TEXT) FROM mirror_clock)";
    // Built as text and turned into JSONB at the end: the engine does the same for each function.
    const object = `json_object(${[tick, ...parts].join(", ")})`;
    const sql = `SELECT ${make === "jsonb" ? `jsonb(${object})` : object} AS body`;
    const [row] = this.#store.rows<{ body: ArrayBuffer | string }>(sql, from, upto);
    return typeof row!.body === "string" ? row!.body : new Uint8Array(row!.body);
  }
}

/** A row that waits, with the bytes of all up to it. */
interface Waiting {
  tbl: string;
  id: string;
  version: number;
  kind: "full" | "part" | "gone";
  total: number;
}

/** SQL: how a row of `mirror_pending r` is sent. */
const KIND = "iif(r.grave IS NOT NULL, 'gone', iif(r.born IS NOT NULL, 'full', 'part'))";

/** SQL: a row of `mirror_pending r` isn't set aside as it stands. */
const WAITS = "NOT EXISTS (SELECT 1 FROM mirror_aside a WHERE a.tbl = r.tbl AND a.id = r.id " +
  "AND a.direction = 'push' AND a.version >= r.version)";
