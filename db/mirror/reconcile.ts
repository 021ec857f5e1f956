import type { Change } from "./changes.ts";
import { RESENT, REVIVED, STAMP } from "./capture.ts";
import { createHash } from "node:crypto";
import { type LocalRow, mergeRow, type Outcome, type RemoteRow } from "./merge.ts";
import type { Store } from "../store/store.ts";
import { fromObject, rowObject, type Table, type Value } from "../store/tables.ts";

/** What the applying of a page needs to know. */
export interface Context {
  tables: readonly Table[];
  device: string;
  /** What a device is called. */
  nameOf: (device: string) => string;
  /** The present round, left on each row that is touched. */
  round: number;
  /** Many rows come: what an app's own triggers do for each may follow later. */
  bulk?: boolean;
  /** How rows are merged. */
  merge?: typeof mergeRow;
}

type Cells = Record<string, Value>;

/** Where losing texts are kept, if the app has the table. */
const CONFLICTS = "conflicts";

/** Merges single rows that changed on both sides. */
export class Reconciler {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Merges row `k` of the page, with the triggers muted. What the function it returns does is to be
   * noted by the triggers.
   */
  merge(k: number, context: Context): () => Change[] {
    const [row] = this.#store.rows<
      Record<"tbl" | "id" | "stamp" | "cells", string> & {
        deleted: string | null;
        v: string | null;
      }
    >("SELECT tbl, id, stamp, cells, deleted, json(v) AS v FROM temp.page WHERE k = ?", k);
    const table = context.tables.find(({ name }) => name === row!.tbl)!;
    const remote: RemoteRow = {
      stamp: row!.stamp,
      cells: JSON.parse(row!.cells),
      deleted: row!.deleted,
      values: row!.v === null ? null : JSON.parse(row!.v),
    };
    const local = this.#local(table, row!.id);
    const outcome = (context.merge ?? mergeRow)(local, remote, {
      columns: table.columns.map(({ name }) => name),
      kept: table.kept,
      fades: table.fades,
      device: context.device,
    });
    this.#write(table, row!.id, outcome, context.round);
    return () => this.#follow(table, row!.id, outcome, context);
  }

  #local(table: Table, id: string): LocalRow {
    const [values] = this.#store.rows<{ row: string }>(
      `SELECT ${rowObject(table, "t")} AS row FROM ${table.name} t WHERE id = ?`,
      id,
    );
    const [books] = this.#store.rows<{
      stamp: string;
      cells: string;
      born: number | null;
      bases: string;
      versions: string;
    }>(
      "SELECT stamp, cells, born, bases, versions FROM mirror_rows JOIN mirror_pending " +
        "USING (tbl, id) WHERE tbl = ? AND id = ?",
      table.name,
      id,
    );
    const bases = JSON.parse(books!.bases);
    return {
      stamp: books!.stamp,
      cells: JSON.parse(books!.cells),
      values: values === undefined ? null : JSON.parse(values.row),
      pending: {
        born: books!.born !== null,
        resent: RESENT in bases,
        revived: REVIVED in bases,
        dirty: new Set(Object.keys(JSON.parse(books!.versions))),
        bases,
      },
    };
  }

  #write(table: Table, id: string, outcome: Outcome, round: number): void {
    const { name } = table;
    if (outcome.send === "deletion") {
      this.#store.change(
        "UPDATE mirror_rows SET round = ? WHERE tbl = ? AND id = ?",
        round,
        name,
        id,
      );
      return;
    }
    if (outcome.values === null) this.#store.change(`DELETE FROM ${name} WHERE id = ?`, id);
    else this.#put(table, id, outcome.values);
    const cells = Object.entries({ ...outcome.cells, ...this.#renewed(outcome.renew) })
      .filter(([, stamp]) => stamp !== outcome.stamp);
    this.#store.change(
      "UPDATE mirror_rows SET stamp = ?, cells = ?, deleted = ?, round = ? WHERE tbl = ? AND id = ?",
      outcome.stamp,
      JSON.stringify(Object.fromEntries(cells)),
      outcome.deleted,
      round,
      name,
      id,
    );
    this.#await(name, id, outcome.send);
  }

  /** New stamps for columns, later than all that this device has heard of. */
  #renewed(columns: readonly string[]): Record<string, string> {
    if (columns.length === 0) return {};
    this.#store.change("UPDATE mirror_clock SET tick = tick + 1");
    const [clock] = this.#store.rows<{ stamp: string }>(
      `SELECT ${STAMP} AS stamp FROM mirror_clock`,
    );
    return Object.fromEntries(columns.map((column) => [column, clock!.stamp]));
  }

  /** What is still to be sent of a row. */
  #await(name: string, id: string, send: "all" | Record<string, string>): void {
    const at = "WHERE tbl = ? AND id = ?";
    if (send === "all") {
      this.#store.change(
        "UPDATE mirror_pending SET born = coalesce(born, version), grave = NULL, bases = " +
          `CASE WHEN born IS NULL THEN json_set(bases, '$."${REVIVED}"', 1) ELSE bases END ${at}`,
        name,
        id,
      );
    } else if (Object.keys(send).length === 0) {
      this.#store.change(`DELETE FROM mirror_pending ${at}`, name, id);
    } else {
      this.#store.change(
        "UPDATE mirror_pending SET born = NULL, grave = NULL, bases = ?1, versions = (SELECT " +
          "json_group_object(key, coalesce(versions ->> ('$.' || key), version)) " +
          "FROM json_each(?1)) WHERE tbl = ?2 AND id = ?3",
        JSON.stringify(send),
        name,
        id,
      );
    }
  }

  #put({ name, columns }: Table, id: string, values: Cells): void {
    const names = columns.map((column) => column.name);
    this.#store.change(
      `INSERT INTO ${name} (id, ${names.join(", ")}) SELECT ?1, ${
        columns.map((column) => fromObject(column, "?2")).join(", ")
      } WHERE true ON CONFLICT (id) DO UPDATE SET ${
        names.map((column) => `${column} = excluded.${column}`).join(", ")
      } WHERE ${names.map((column) => `${name}.${column} IS NOT excluded.${column}`).join(" OR ")}`,
      id,
      JSON.stringify(values),
    );
  }

  #follow(table: Table, id: string, outcome: Outcome, context: Context): Change[] {
    const { lost, revive } = outcome;
    if (revive) {
      this.#store.change(`UPDATE ${table.name} SET deleted_at = NULL WHERE id = ?`, id);
    }
    return [
      ...this.#keep(table, id, lost.own, context.device, context),
      ...Object.entries(lost.others).flatMap(([writer, texts]) =>
        this.#keep(table, id, texts, writer, context)
      ),
    ];
  }

  /** Keeps a losing text. Its id follows from it, so that two who merge the same keep it once. */
  #keep(
    { name }: Table,
    id: string,
    cells: Cells,
    device: string,
    { tables, nameOf }: Context,
  ): Change[] {
    const conflicts = tables.find((table) => table.name === CONFLICTS);
    if (conflicts === undefined || Object.keys(cells).length === 0) return [];
    const text = JSON.stringify(cells);
    const hash = createHash("sha256").update(`${name} ${id} ${text}`).digest("hex");
    this.#store.change(
      "INSERT INTO conflicts (id, of_table, row_id, cells, device, created_at) " +
        "VALUES (?, ?, ?, ?, ?, strftime('%Y-%m-%dT%H:%M:%fZ')) ON CONFLICT DO NOTHING",
      uuid8(hash),
      name,
      id,
      text,
      nameOf(device),
    );
    return [{ topic: conflicts.topic, id }];
  }
}

/** 32 hexadecimal digits as a UUID of version 8 (RFC 9562 §5.8). */
function uuid8(hash: string): string {
  const variant = (Number.parseInt(hash[16]!, 16) & 3 | 8).toString(16);
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `8${hash.slice(13, 16)}`,
    variant + hash.slice(17, 20),
    hash.slice(20, 32),
  ].join("-");
}
