import { ErthError } from "../../errors.ts";
import { BOOKS, FORMAT, logic, REMOTE_TIME } from "./schema.ts";
import type { Table } from "../store/tables.ts";

/** A transaction under way there. Each call is one round trip, and a server allows some seconds. */
interface Transaction {
  batch(statements: { sql: string; args: string[] }[]): Promise<{
    rows: Record<string, unknown>[];
  }[]>;
}

/** What the remote is to have. */
export interface Plan {
  tables: readonly Table[];
  /** The number of this device's schema. */
  schema: number;
  /** What the remote was called before it was emptied. */
  name?: string;
}

/**
 * Makes the tables of an empty remote, or brings those of an older schema up to date. Whoever comes
 * first does it; for the second there is nothing to do.
 *
 * @throws {ErthError} `MIRROR_SCHEMA_NEWER`.
 */
export async function setUp(transaction: Transaction, plan: Plan): Promise<void> {
  const { name, schema, tables } = plan;
  const run = (...sql: string[]) => transaction.batch(sql.map((sql) => ({ sql, args: [] })));
  const found = (await run(...BOOKS, SCHEMA_SQL)).at(-1)!.rows[0];
  const there = Number(found?.schema ?? 0);
  const format = Number(found?.format ?? FORMAT);
  if (there > schema || format > FORMAT) {
    throw new ErthError("MIRROR_SCHEMA_NEWER", `The remote has schema ${there}, not ${schema}`);
  }
  await run(...tables.map(({ sql }) => sql.replace(/^CREATE TABLE /i, "$&IF NOT EXISTS ")));
  const columns = await run(
    ...tables.map((table) => `SELECT name FROM pragma_table_info('${table.name}')`),
  );
  const missing = tables.flatMap((table, n) => missingColumns(table, columns[n]!.rows));
  await run(...missing, ...logic(tables));
  const last = [{
    sql: "INSERT INTO erth_meta VALUES ('schema', ?1), ('format', ?2) " +
      "ON CONFLICT DO UPDATE SET value = excluded.value",
    args: [String(schema), String(FORMAT)],
  }];
  if (name !== undefined) {
    last.push({ sql: "UPDATE erth_meta SET value = ? WHERE key = 'remote'", args: [name] });
  }
  // An older device that sends without asking first finds that it has to ask.
  if (there > 0 && there < schema) last.push({ sql: EMPTY_BATCH, args: [] });
  await transaction.batch(last);
}

/** A batch of nobody, without rows. */
const EMPTY_BATCH = "INSERT INTO erth_batches SELECT coalesce(max(seq), 0) + 1, " +
  `lower(hex(randomblob(8))), '', ${REMOTE_TIME} FROM erth_batches`;

const SCHEMA_SQL = "SELECT (SELECT value FROM erth_meta WHERE key = 'schema') AS schema, " +
  "(SELECT value FROM erth_meta WHERE key = 'format') AS format";

/** What adds the columns that a table there lacks. */
function missingColumns(table: Table, rows: Record<string, unknown>[]): string[] {
  const there = new Set(rows.map((row) => row.name));
  return table.columns.filter(({ name }) => !there.has(name)).map(({ name, definition }) =>
    `ALTER TABLE ${table.name} ADD COLUMN ${name} ${definition}`
  );
}
