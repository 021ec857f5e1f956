import { fromObject, rowObject, type Table } from "../store/tables.ts";

/** The format of the tables below; it rises when an older Erth couldn't follow any more. */
export const FORMAT = 1;

/** Who wrote what came by plain SQL. It sorts before no device, and is none. */
const SQL_WRITER = "sql";

/**
 * The remote's own tables, beside the mirrored ones: who has what (`erth_devices`), the order of
 * everything accepted (`erth_batches`), and for each mirrored row the batch that touched it last and
 * the stamps of its cells (`erth_rows`).
 */
export const BOOKS = [
  "CREATE TABLE IF NOT EXISTS erth_meta (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) STRICT",
  `CREATE TABLE IF NOT EXISTS erth_batches (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, device TEXT NOT NULL, at TEXT NOT NULL) STRICT`,
  `CREATE TABLE IF NOT EXISTS erth_rows (
    n INTEGER PRIMARY KEY, tbl TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL,
    stamp TEXT NOT NULL, cells TEXT NOT NULL DEFAULT '{}', deleted TEXT) STRICT`,
  "CREATE UNIQUE INDEX IF NOT EXISTS erth_rows_by_id ON erth_rows (tbl, id)",
  "CREATE INDEX IF NOT EXISTS erth_rows_by_seq ON erth_rows (seq, n)",
  "CREATE INDEX IF NOT EXISTS erth_rows_deleted ON erth_rows (seq) WHERE deleted IS NOT NULL",
  `CREATE TABLE IF NOT EXISTS erth_devices (
    id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, seen TEXT NOT NULL, seq INTEGER NOT NULL,
    version TEXT NOT NULL) STRICT`,
  "CREATE TABLE IF NOT EXISTS erth_gate (muted INTEGER NOT NULL, tick INTEGER NOT NULL) STRICT",
  "INSERT INTO erth_gate SELECT 0, 0 WHERE NOT EXISTS (SELECT 1 FROM erth_gate)",
  "INSERT INTO erth_meta VALUES ('remote', lower(hex(randomblob(16)))), ('trimmed', '0') " +
  "ON CONFLICT DO NOTHING",
];

/** SQL: the time there, as Erth writes times. */
export const REMOTE_TIME = "strftime('%Y-%m-%dT%H:%M:%fZ')";

/** SQL: the time there as stamps count it. */
const REMOTE_TICK = "CAST(unixepoch('subsec') * 1000 AS INTEGER) * 65536";

/** How far a sender's clock may push on the remote's own. */
const AHEAD = 60_000 * 65536;

/** SQL: a mirrored row as a page carries it; `r` is its row of `erth_rows`. */
export function pageEntry(tables: readonly Table[]): string {
  const values = tables.map((table) =>
    `WHEN '${table.name}' THEN (SELECT ${rowObject(table, "t")} ` +
    `FROM ${table.name} t WHERE t.id = r.id)`
  );
  return "json_array(r.tbl, r.id, r.stamp, json(r.cells), r.deleted, " +
    `json(CASE WHEN r.big THEN NULL ELSE CASE r.tbl ${values.join(" ")} END END))`;
}

/** SQL: the bytes of a mirrored row, read without reading the row's text. */
export function rowSize(tables: readonly Table[]): string {
  const sizes = tables.map(({ name, columns }) =>
    `WHEN '${name}' THEN (SELECT ${
      columns.map((column) => `coalesce(octet_length(t.${column.name}), 0)`).join(" + ")
    } FROM ${name} t WHERE t.id = r.id)`
  );
  return `CASE r.tbl ${sizes.join(" ")} END`;
}

/** What is made anew whenever the schema has changed: the way in, and the watch over plain SQL. */
export function logic(tables: readonly Table[]): string[] {
  return [
    "DROP VIEW IF EXISTS erth_head",
    "CREATE VIEW erth_head AS SELECT (SELECT value FROM erth_meta WHERE key = 'remote') AS remote, " +
    "(SELECT value FROM erth_meta WHERE key = 'schema') AS schema, " +
    "(SELECT value FROM erth_meta WHERE key = 'trimmed') AS trimmed, " +
    "coalesce((SELECT seq || '-' || id FROM erth_batches ORDER BY seq DESC LIMIT 1), '0-') AS head, " +
    "CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now",
    "DROP VIEW IF EXISTS erth_inbox",
    "CREATE VIEW erth_inbox AS SELECT '' AS id, '' AS base, '' AS device, x'' AS rows",
    `CREATE TRIGGER erth_apply INSTEAD OF INSERT ON erth_inbox BEGIN ${
      applySteps(tables).map((step) => `${step};`).join("\n")
    } END`,
    ...tables.flatMap((table) =>
      Object.entries(watches(table)).flatMap(([event, sql]) => [
        `DROP TRIGGER IF EXISTS erth_${table.name}_${event}`,
        sql,
      ])
    ),
  ];
}

/**
 * What a push does, all or nothing. `new.base` is `SEQ-ID` of the newest batch that the sender
 * knows; if there is a newer one it has to fetch that first. `new.rows` is JSON (text or JSONB):
 * `{tick, TABLE: {full: [[id, values, stamp, cells]], part: …, gone: [[id, stamp]]}}`; no stamp is
 * later than `tick`.
 */
function applySteps(tables: readonly Table[]): string[] {
  const seq = "(SELECT max(seq) FROM erth_batches)";
  return [
    "SELECT raise(ABORT, 'stale') WHERE coalesce((SELECT seq || '-' || id FROM erth_batches " +
    "ORDER BY seq DESC LIMIT 1), '0-') IS NOT new.base",
    `INSERT INTO erth_batches SELECT coalesce(max(seq), 0) + 1, new.id, new.device, ${REMOTE_TIME} ` +
    "FROM erth_batches",
    "UPDATE erth_gate SET muted = 1, tick = max(tick, min(CAST(coalesce(new.rows ->> '$.tick', 0) " +
    `AS INTEGER), ${REMOTE_TICK} + ${AHEAD}))`,
    ...tables.flatMap((table) => applyTable(table, seq)),
    "UPDATE erth_gate SET muted = 0",
    // Nobody knows yet whether the sender hears of it; what it knows for sure is the base.
    `UPDATE erth_devices SET seen = ${REMOTE_TIME}, seq = CAST(new.base AS INTEGER) ` +
    "WHERE id = new.device",
  ];
}

function applyTable(table: Table, seq: string): string[] {
  const { name, columns } = table;
  const names = columns.map((column) => column.name);
  const list = (kind: string) => `json_each(new.rows, '$.${name}.${kind}')`;
  const record = (kind: string, stamp: string, cells: string, deleted: string) =>
    "INSERT INTO erth_rows (tbl, id, seq, stamp, cells, deleted) " +
    `SELECT '${name}', value ->> 0, ${seq}, ${stamp}, ${cells}, ${deleted} FROM ${list(kind)} ` +
    "WHERE true ON CONFLICT (tbl, id) DO UPDATE SET seq = excluded.seq, stamp = excluded.stamp, " +
    "cells = excluded.cells, deleted = excluded.deleted";
  return [
    `INSERT INTO ${name} (id, ${names.join(", ")}) SELECT u.id, ${
      columns.map((column) => fromObject(column, "u.v")).join(", ")
    } FROM (SELECT value ->> 0 AS id, jsonb(value -> 1) AS v FROM ${list("full")} LIMIT -1) u ` +
    `WHERE true ON CONFLICT (id) DO UPDATE SET ${
      names.map((column) => `${column} = excluded.${column}`).join(", ")
    }`,
    record("full", "value ->> 2", "value -> 3", "NULL"),
    `UPDATE ${name} SET ${
      columns.map((column) =>
        `${column.name} = CASE WHEN u.v -> '$.${column.name}' IS NULL THEN ${name}.${column.name} ` +
        `ELSE ${fromObject(column, "u.v")} END`
      ).join(", ")
    } FROM (SELECT value ->> 0 AS id, value -> 1 AS v FROM ${list("part")}) u ` +
    `WHERE ${name}.id = u.id`,
    // Not by UPDATE … FROM: its plan reads all rows of the table for each push.
    "INSERT INTO erth_rows (tbl, id, seq, stamp, cells) " +
    `SELECT '${name}', value ->> 0, ${seq}, '', value -> 3 FROM ${list("part")} WHERE EXISTS ` +
    `(SELECT 1 FROM erth_rows r WHERE r.tbl = '${name}' AND r.id = value ->> 0) ` +
    "ON CONFLICT (tbl, id) DO UPDATE SET seq = excluded.seq, " +
    "cells = json_patch(cells, excluded.cells)",
    `DELETE FROM ${name} WHERE id IN (SELECT value ->> 0 FROM ${list("gone")})`,
    record("gone", "value ->> 1", "'{}'", "value ->> 1"),
  ];
}

/** Triggers that record what others write here by plain SQL, each row as a batch of its own. */
function watches({ name, columns }: Table): Record<string, string> {
  const record = `INSERT INTO erth_batches SELECT coalesce(max(seq), 0) + 1, ` +
    `lower(hex(randomblob(8))), '${SQL_WRITER}', ${REMOTE_TIME} FROM erth_batches;`;
  const seq = "(SELECT max(seq) FROM erth_batches)";
  // Later than all that the remote has, whatever the clocks say.
  const advance = `UPDATE erth_gate SET tick = max(tick + 1, ${REMOTE_TICK});`;
  const now = `(SELECT printf('%016x', tick) || '-${SQL_WRITER}' FROM erth_gate)`;
  const batch = `${advance}
      ${record}`;
  const quiet = "(SELECT muted FROM erth_gate) = 0";
  const cells = columns.map((column) =>
    `'${column.name}', CASE WHEN old.${column.name} IS NOT new.${column.name} THEN ${now} END`
  );
  const at = (id: string) => `WHERE tbl = '${name}' AND id = ${id}`;
  const born =
    `INSERT INTO erth_rows (tbl, id, seq, stamp) VALUES ('${name}', new.id, ${seq}, ${now})
        ON CONFLICT (tbl, id) DO UPDATE SET seq = excluded.seq, cells = '{}', deleted = NULL,
          stamp = excluded.stamp;`;
  const gone = `UPDATE erth_rows SET seq = ${seq}, deleted = ${now} ${at("old.id")};`;
  return {
    insert: `CREATE TRIGGER erth_${name}_insert AFTER INSERT ON ${name} WHEN ${quiet} BEGIN
      ${batch}
      ${born}
    END`,
    update: `CREATE TRIGGER erth_${name}_update AFTER UPDATE ON ${name}
    WHEN ${quiet} AND old.id = new.id BEGIN
      ${batch}
      UPDATE erth_rows SET seq = ${seq},
        cells = json_patch(cells, json_patch('{}', json_object(${cells.join(", ")})))
        ${at("new.id")};
    END`,
    // Under another id it is another row.
    rename: `CREATE TRIGGER erth_${name}_rename AFTER UPDATE OF id ON ${name}
    WHEN ${quiet} AND old.id != new.id BEGIN
      ${batch}
      ${gone}
      ${born}
    END`,
    delete: `CREATE TRIGGER erth_${name}_delete AFTER DELETE ON ${name} WHEN ${quiet} BEGIN
      ${batch}
      ${gone}
    END`,
  };
}
