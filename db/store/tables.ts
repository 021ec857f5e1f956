import type { Store } from "./store.ts";

/** A column of a mirrored table; `id` isn't among them. */
export interface Column {
  name: string;
  type: "TEXT" | "INTEGER" | "REAL" | "BLOB";
  /** What follows its name where it is added to a table. */
  definition: string;
}

/** A mirrored table, as this database has it. */
export interface Table {
  name: string;
  /** What pages call its news, and the column that says whose news they are. */
  topic: string;
  subject: string;
  columns: Column[];
  /** Columns whose text is kept if it loses against another device's. */
  kept: ReadonlySet<string>;
  /** Whether rows are deleted by a time in `deleted_at`. */
  fades: boolean;
  /** The statement that makes it, as this database has it. */
  sql: string;
}

/** The tables that `mirrored` names, in its order. */
export function readTables(store: Store): Table[] {
  const named = store.rows<Record<"name" | "topic" | "subject" | "kept" | "sql", string>>(
    "SELECT m.name, m.topic, m.subject, m.kept, s.sql FROM mirrored m JOIN sqlite_schema s " +
      "ON s.type = 'table' AND s.name = m.name ORDER BY m.rowid",
  );
  return named.map(({ name, topic, subject, kept, sql }) => {
    const columns = store.rows<Column>(
      "SELECT name, type, type || iif(\"notnull\", ' NOT NULL', '') || " +
        "coalesce(' DEFAULT ' || dflt_value, '') AS definition " +
        "FROM pragma_table_info(?) WHERE name != 'id' ORDER BY cid",
      name,
    );
    return {
      name,
      topic,
      subject,
      columns,
      kept: new Set(JSON.parse(kept) as string[]),
      fades: columns.some((column) => column.name === "deleted_at"),
      sql,
    };
  });
}

/** SQL: one row's columns as a JSON object. */
export function rowObject({ columns }: Table, row: string): string {
  const pairs = columns.map((column) => `'${column.name}', ${toJson(column, row)}`);
  return `json_object(${pairs.join(", ")})`;
}

/**
 * SQL: a column's value of `row` for JSON. What JSON can't hold, or SQLite and JavaScript would round
 * on its way through them, goes as text.
 */
export function toJson({ name, type }: Column, row: string): string {
  const cell = `${row}.${name}`;
  switch (type) {
    case "BLOB":
      return `iif(${cell} IS NULL, NULL, hex(${cell}))`;
    case "INTEGER":
      return `iif(abs(${cell} / 2) < ${2 ** 52}, ${cell}, CAST(${cell} AS TEXT))`;
    case "REAL":
      return `iif(abs(${cell}) < 9e999, printf('%!.17g', ${cell}), ${cell})`;
    default:
      return cell;
  }
}

/** SQL: a column's value taken out of a JSON object; its column turns text into numbers. */
export function fromObject({ name, type }: Column, object: string): string {
  const value = `${object} ->> '$.${name}'`;
  return type === "BLOB" ? `unhex(${value})` : value;
}

/** A cell's value as JSON has it. */
export type Value = string | number | boolean | null;
