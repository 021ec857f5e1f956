import { ErthError } from "../errors.ts";
import { BOOKS, FORMAT, logic, REMOTE_TIME } from "./remote_schema.ts";
import type { Table } from "./tables.ts";

/** A transaction under way there. */
interface Transaction {
  execute(statement: string | { sql: string; args: string[] }): Promise<{
    rows: Record<string, unknown>[];
  }>;
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
  for (const sql of BOOKS) await transaction.execute(sql);
  const found = await transaction.execute(SCHEMA_SQL);
  const there = Number(found.rows[0]?.schema ?? 0);
  const format = Number(found.rows[0]?.format ?? FORMAT);
  if (there > schema || format > FORMAT) {
    throw new ErthError("MIRROR_SCHEMA_NEWER", `The remote has schema ${there}, not ${schema}`);
  }
  if (there === schema) return;
  if (name !== undefined) {
    const sql = "UPDATE erth_meta SET value = ? WHERE key = 'remote'";
    await transaction.execute({ sql, args: [name] });
  }
  for (const table of tables) {
    await transaction.execute(table.sql.replace(/^CREATE TABLE /i, "$&IF NOT EXISTS "));
    for (const sql of await missingColumns(transaction, table)) await transaction.execute(sql);
  }
  for (const sql of logic(tables)) await transaction.execute(sql);
  await transaction.execute({
    sql: "INSERT INTO erth_meta VALUES ('schema', ?1), ('format', ?2) " +
      "ON CONFLICT DO UPDATE SET value = excluded.value",
    args: [String(schema), String(FORMAT)],
  });
  // An older device that sends without asking first finds that it has to ask.
  if (there > 0) await transaction.execute(EMPTY_BATCH);
}

/** A batch of nobody, without rows. */
const EMPTY_BATCH = "INSERT INTO erth_batches SELECT coalesce(max(seq), 0) + 1, " +
  `lower(hex(randomblob(8))), '', ${REMOTE_TIME} FROM erth_batches`;

const SCHEMA_SQL = "SELECT (SELECT value FROM erth_meta WHERE key = 'schema') AS schema, " +
  "(SELECT value FROM erth_meta WHERE key = 'format') AS format";

async function missingColumns(
  transaction: Transaction,
  table: Table,
): Promise<string[]> {
  const { rows } = await transaction.execute(
    `SELECT name FROM pragma_table_info('${table.name}')`,
  );
  const there = new Set(rows.map((row) => row.name));
  return table.columns.filter(({ name }) => !there.has(name)).map(({ name, definition }) =>
    `ALTER TABLE ${table.name} ADD COLUMN ${name} ${definition}`
  );
}
