import type { Store } from "../store/store.ts";
import { readTables, rowObject, type Table } from "../store/tables.ts";

/** SQL: milliseconds since 1970, from this computer's clock. */
export const SYSTEM_NOW = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/** SQL: the latest stamp, 16 hexadecimal digits of the clock and who wrote; it sorts by time. */
export const STAMP = "printf('%016x', tick) || '-' || device";

/** In `bases`: the row is only to be sent once more, as the remote has lost it. */
export const RESENT = "*";

/** In `bases`: all of the row is sent, as it was deleted there; `versions` says what was written. */
export const REVIVED = "+";

/** SQL: `bases` without those. */
export const BASES_ALONE = `json_remove(bases, '$."${RESENT}"', '$."${REVIVED}"')`;

/** SQL: the remote has never had this pending row; so its columns replace nothing there. */
const IS_NEW = `born IS NOT NULL AND bases -> '$."${RESENT}"' IS NULL ` +
  `AND bases -> '$."${REVIVED}"' IS NULL`;

/** Until a row that is older than the triggers is entered: the time before all others. */
const UNENTERED = "0".repeat(16);

/** Rows entered into the books in one transaction. */
const CHUNK = 500;

/**
 * Makes or renews the triggers that note, in the transaction of each write and whoever writes, what
 * the remote doesn't have yet. Idempotent; to be called after each change of the schema.
 *
 * @param options.now SQL of the clock in milliseconds; tests put one of their own.
 */
export function capture(store: Store, { now = SYSTEM_NOW }: { now?: string } = {}): void {
  store.transaction(() => {
    store.change(
      "INSERT INTO mirror_clock (one, tick, version, ahead, device, muted) " +
        "VALUES (1, 0, 0, 0, ?, 0) ON CONFLICT DO NOTHING",
      mintDevice(),
    );
    for (const table of readTables(store)) {
      for (const [event, sql] of Object.entries(triggers(table, now))) {
        const name = `mirror_${table.name}_${event}`;
        const [there] = store.rows<{ sql: string }>(
          "SELECT sql FROM sqlite_schema WHERE name = ?",
          name,
        );
        if (there?.sql === sql) continue;
        store.run(`DROP TRIGGER IF EXISTS ${name}`);
        store.run(sql);
        if (there === undefined && event === "insert") noteOldRows(store, table);
      }
    }
  });
}

/** Remembers which rows are older than the triggers. */
function noteOldRows(store: Store, { name }: Table): void {
  store.run(
    `INSERT INTO mirror_state (key, value) SELECT 'enter:${name}', json_array(0, max(rowid)) ` +
      `FROM ${name} WHERE true GROUP BY 1 ON CONFLICT DO NOTHING`,
  );
}

/** Whether this database notes its changes. */
export function isCaptured(store: Store): boolean {
  return store.rows("SELECT 1 FROM mirror_clock").length > 0;
}

/** A name for this device in stamps and batches: 8 hexadecimal digits by chance. */
export function mintDevice(): string {
  return crypto.randomUUID().slice(0, 8);
}

/**
 * Enters rows that are older than the triggers into the books, as waiting to be sent, in short
 * transactions. Goes on where it was cut off. Each row is stamped with the time it says it was last
 * changed.
 */
export async function enterOldRows(store: Store, pause: () => Promise<void>): Promise<void> {
  for (const table of readTables(store)) {
    while (enterChunk(store, table)) await pause();
  }
}

/** Enters some rows of a table; false if none is left. */
function enterChunk(store: Store, { name, columns }: Table): boolean {
  const key = `enter:${name}`;
  return store.transaction(() => {
    const [state] = store.rows<{ value: string }>(
      "SELECT value FROM mirror_state WHERE key = ?",
      key,
    );
    if (state === undefined) return false;
    const [from, bound] = JSON.parse(state.value) as [number, number];
    const [next] = store.rows<{ last: number | null }>(
      `SELECT max(rowid) AS last FROM (SELECT rowid FROM ${name} WHERE rowid > ? AND rowid <= ? ` +
        `ORDER BY rowid LIMIT ${CHUNK})`,
      from,
      bound,
    );
    const last = next?.last ?? null;
    if (last === null) {
      store.change("DELETE FROM mirror_state WHERE key = ?", key);
      return false;
    }
    const times = ["updated_at", "created_at"].filter((time) =>
      columns.some((column) => column.name === time)
    ).map((time) => `CAST(unixepoch(t.${time}, 'subsec') * 1000 AS INTEGER)`);
    const written = `max(0, min(${SYSTEM_NOW}, coalesce(${[...times, 0, 0].join(", ")})))`;
    const rows = `FROM ${name} t, mirror_clock c WHERE t.rowid > ${from} AND t.rowid <= ${last}`;
    store.run(
      `INSERT INTO mirror_rows (tbl, id, stamp)
        SELECT '${name}', t.id, printf('%016x', ${written} * 65536) || '-' || c.device ${rows}
        ON CONFLICT DO UPDATE SET stamp = excluded.stamp WHERE stamp LIKE '${UNENTERED}%';
      INSERT INTO mirror_pending (tbl, id, version, born)
        SELECT '${name}', t.id, c.version + t.rowid - ${from}, c.version + t.rowid - ${from} ${rows}
        ON CONFLICT DO UPDATE SET born = coalesce(born, version) WHERE grave IS NULL;
      UPDATE mirror_clock SET version = version + ${last - from},
        tick = max(tick, ${SYSTEM_NOW} * 65536);`,
    );
    store.change(
      "UPDATE mirror_state SET value = json_array(?, ?) WHERE key = ?",
      last,
      bound,
      key,
    );
    return true;
  });
}

/** SQL: an object with an entry for each column that an update changes. */
function changed({ columns }: Table, entry: (column: string) => string): string {
  const pairs = columns.map(({ name }) =>
    `'${name}', CASE WHEN old.${name} IS NOT new.${name} THEN ${entry(name)} END`
  );
  // A patch leaves out what is null.
  return `json_patch('{}', json_object(${pairs.join(", ")}))`;
}

/** The three triggers of a table. The order of their statements matters: books before stamps. */
function triggers(table: Table, now: string): Record<string, string> {
  const { name, columns } = table;
  const advance = "UPDATE mirror_clock SET version = version + 1, " +
    `tick = max(tick + 1, ((${now}) + ahead) * 65536);`;
  const prior = "prior = CASE WHEN version <= (SELECT made FROM mirror_clock) THEN version " +
    "ELSE prior END";
  const heard = "(SELECT muted FROM mirror_clock) = 0";
  const stampOf = (column: string) => `coalesce(r.cells ->> '$.${column}', r.stamp)`;
  const all = columns.map((column) => `'${column.name}', ${stampOf(column.name)}`).join(", ");
  // What was never sent replaces nothing: whatever comes from elsewhere is news.
  const none = columns.map((column) => `'${column.name}', '0'`).join(", ");
  const row = (id: string) => `tbl = '${name}' AND id = ${id}`;
  const isNew = columns.map((column) => `old.${column.name} IS NOT new.${column.name}`);
  return {
    insert: `CREATE TRIGGER mirror_${name}_insert AFTER INSERT ON ${name} WHEN ${heard} BEGIN
      ${advance}
      INSERT INTO mirror_pending (tbl, id, version, born, bases)
        SELECT '${name}', new.id, c.version, c.version, coalesce(
          (SELECT json_object(${all}) FROM mirror_rows r WHERE ${row("new.id")}), '{}')
        FROM mirror_clock c WHERE true
        ON CONFLICT DO UPDATE SET ${prior}, version = excluded.version, born = excluded.born,
          bases = json_patch(excluded.bases, ${BASES_ALONE}), versions = '{}', grave = NULL;
      INSERT INTO mirror_rows (tbl, id, stamp) SELECT '${name}', new.id, ${STAMP} FROM mirror_clock
        WHERE true
        ON CONFLICT DO UPDATE SET stamp = excluded.stamp, cells = '{}', deleted = NULL;
    END`,
    update: `CREATE TRIGGER mirror_${name}_update AFTER UPDATE ON ${name}
    WHEN ${heard} AND (${isNew.join(" OR ")}) BEGIN
      ${advance}
      INSERT INTO mirror_rows (tbl, id, stamp)
        SELECT '${name}', new.id, '${UNENTERED}-' || device FROM mirror_clock
        WHERE true ON CONFLICT DO NOTHING;
      INSERT INTO mirror_pending (tbl, id, version, bases, versions)
        SELECT '${name}', new.id, c.version, ${changed(table, stampOf)},
          ${changed(table, () => "c.version")}
        FROM mirror_clock c, mirror_rows r WHERE r.tbl = '${name}' AND r.id = new.id
        ON CONFLICT DO UPDATE SET ${prior}, version = excluded.version,
          bases = CASE WHEN ${IS_NEW} THEN bases ELSE json_patch(excluded.bases, bases) END,
          versions = json_patch(versions, excluded.versions);
      UPDATE mirror_rows SET cells = json_patch(cells, ${changed(table, () => "c.stamp")})
        FROM (SELECT ${STAMP} AS stamp FROM mirror_clock) c WHERE ${row("new.id")};
    END`,
    delete: `CREATE TRIGGER mirror_${name}_delete AFTER DELETE ON ${name} WHEN ${heard} BEGIN
      ${advance}
      INSERT INTO mirror_pending (tbl, id, version, grave)
        SELECT '${name}', old.id, c.version, ${rowObject(table, "old")} FROM mirror_clock c
        WHERE true
        ON CONFLICT DO UPDATE SET ${prior}, version = excluded.version, born = NULL, versions = '{}',
          grave = excluded.grave,
          bases = CASE WHEN ${IS_NEW} THEN json_patch(json_object(${none}), bases) ELSE bases END;
      INSERT INTO mirror_rows (tbl, id, stamp, deleted)
        SELECT '${name}', old.id, ${STAMP}, ${STAMP} FROM mirror_clock WHERE true
        ON CONFLICT DO UPDATE SET deleted = excluded.deleted;
    END`,
  };
}
