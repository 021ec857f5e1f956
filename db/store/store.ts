import type Database from "libsql";
import { ErthError, isDiskFull } from "../../errors.ts";

/** The database file inside the data folder. */
export const DATABASE_NAME = "local_edge.db";

/** How long one call may block its whole thread for a lock; longer waits happen outside of it. */
const BUSY_MS = 250;

/**
 * Pages (8 MB) in the `-wal` file before a commit moves them into the database, which takes some
 * milliseconds. SQLite's 1000 would make every hundredth insert of a note wait for that.
 */
const CHECKPOINT_PAGES = 2000;

/** How a connection is opened. */
export interface StoreOptions {
  /** Absolute path of the database file. */
  path: string;
  /** `FULL` syncs each commit: for a stick that may be pulled at any moment. */
  synchronous: "NORMAL" | "FULL";
}

/** One connection to the local libSQL file. Its calls block the thread: keep them short. */
export class Store {
  readonly #database: Database.Database;
  readonly #options: StoreOptions;
  readonly #statements = new Map<string, Database.Statement>();

  private constructor(database: Database.Database, options: StoreOptions) {
    this.#database = database;
    this.#options = options;
  }

  /**
   * Opens the file and makes it if it isn't there. The native part is loaded at this moment, not
   * with the program.
   *
   * @throws {ErthError} `STORE_READ_ONLY`, `STORE_DAMAGED`, `STORE_FULL`, `STORE_BUSY`.
   */
  static async open(options: StoreOptions): Promise<Store> {
    const { default: Libsql } = await import("libsql");
    return guarded(() => {
      const database = new Libsql(options.path, { timeout: BUSY_MS });
      database.exec("PRAGMA journal_mode = WAL");
      database.exec(`PRAGMA synchronous = ${options.synchronous}`);
      database.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
      return new Store(database, options);
    });
  }

  /** Runs statements without parameters and without rows, such as a migration. */
  run(sql: string): void {
    guarded(() => this.#database.exec(sql));
  }

  /** Runs one statement that changes rows; the number of rows it changed. */
  change(sql: string, ...values: unknown[]): number {
    // In a list, as the binding takes a single object for named values.
    return guarded(() => this.#prepared(sql).run(values).changes);
  }

  /** The rows of one query, as objects by column name. */
  rows<Row>(sql: string, ...values: unknown[]): Row[] {
    return guarded(() => this.#prepared(sql).all(values) as Row[]);
  }

  /** Runs `work` in one `BEGIN IMMEDIATE` transaction: all of it or nothing. */
  transaction<T>(work: () => T): T {
    this.run("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.run("COMMIT");
      return result;
    } catch (error) {
      if (this.#database.inTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  /** What `work` reads is all of one moment; it locks nobody out. */
  snapshot<T>(work: () => T): T {
    this.run("BEGIN");
    try {
      return work();
    } finally {
      this.run("COMMIT");
    }
  }

  /** Brings all commits to the disk, as a commit itself does only with `FULL`. */
  async sync(): Promise<void> {
    if (this.#options.synchronous === "FULL") return;
    // The `-wal` file alone may be opened beside SQLite: closing another would let go of its locks.
    using file = await Deno.open(`${this.#options.path}-wal`, { read: true, write: true });
    await file.syncData();
  }

  /** Moves what it can from the `-wal` file into the database and ends the connection. */
  close(): void {
    this.#statements.clear();
    // The engine's own checkpoint at close waits for the collection of its statements.
    this.#database.exec("PRAGMA wal_checkpoint(PASSIVE)");
    this.#database.close();
  }

  #prepared(sql: string): Database.Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** Runs a database call and turns SQLite's result codes (sqlite.org/rescode.html) into ours. */
function guarded<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof ErthError) throw error;
    const { code, message } = error as { code?: string; message?: string };
    const words = `${code ?? ""} ${message ?? String(error)}`;
    const kind = isDiskFull(error) ? "STORE_FULL" : classify(words);
    throw new ErthError(kind, words.trim(), { cause: error });
  }
}

function classify(words: string) {
  if (/SQLITE_(BUSY|LOCKED)|database is locked/.test(words)) return "STORE_BUSY";
  if (/SQLITE_(READONLY|CANTOPEN|PERM)|readonly|unable to open|ConnectionFailed/i.test(words)) {
    return "STORE_READ_ONLY";
  }
  if (/SQLITE_(CORRUPT|NOTADB)|malformed|not a database/.test(words)) return "STORE_DAMAGED";
  return "INTERNAL";
}
