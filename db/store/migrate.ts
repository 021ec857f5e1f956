import { ErthError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { Store } from "./store.ts";

/** One step of the schema; its number is what `PRAGMA user_version` says after it. */
export interface Migration {
  number: number;
  name: string;
  sql: string;
}

/**
 * Reads `NNNN_name.sql` files from a folder, in order.
 *
 * @throws {Error} if a number is missing or doubled.
 */
export async function readMigrations(folder: string | URL): Promise<Migration[]> {
  const names: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (/^\d{4}_\w+\.sql$/.test(entry.name)) names.push(entry.name);
  }
  names.sort();
  return await Promise.all(names.map(async (name, index) => {
    const number = Number(name.slice(0, 4));
    if (number !== index + 1) {
      throw new Error(`Cannot migrate as number ${index + 1} is missing or doubled: saw ${name}`);
    }
    const base = folder instanceof URL ? folder.href : folder;
    const path = `${base.replace(/\/$/, "")}/${name}`;
    return {
      number,
      name,
      sql: await Deno.readTextFile(folder instanceof URL ? new URL(path) : path),
    };
  }));
}

/**
 * Brings the schema up to date, each step in a transaction of its own: a kill half-way leaves a
 * whole number of steps. The number of the schema afterwards.
 *
 * @throws {ErthError} `SCHEMA_UNKNOWN` if the file is newer than the newest migration.
 */
export function migrate(store: Store, migrations: readonly Migration[], log: Log): number {
  const newest = migrations.length;
  const version = () =>
    store.rows<{ user_version: number }>("PRAGMA user_version")[0]?.user_version ?? 0;
  if (version() > newest) {
    throw new ErthError("SCHEMA_UNKNOWN", `The file has ${version()}, this Erth knows ${newest}`);
  }
  for (const { number, name, sql } of migrations) {
    if (version() >= number) continue;
    store.transaction(() => {
      // Another process may have been quicker; inside the transaction nobody can be.
      if (version() >= number) return;
      store.run(sql);
      store.run(`PRAGMA user_version = ${number}`);
      log.info("store.migrated", { name });
    });
  }
  return newest;
}

/**
 * The schema's number as the file's header has it, without loading the database engine: bytes 60 to
 * 63, big-endian (sqlite.org/fileformat2.html §1.3). 0 if there is no file. Only for a process that
 * hasn't opened the database: closing the file would let go of its locks.
 */
export async function schemaNumber(path: string): Promise<number> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw new ErthError("STORE_READ_ONLY", `${path}: ${error}`);
  }
  using _ = file;
  const header = new Uint8Array(64);
  return await file.read(header) === 64 ? new DataView(header.buffer).getUint32(60) : 0;
}
