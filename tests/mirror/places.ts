import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { DATABASE_NAME, Store } from "../../db/store/store.ts";
import { readTables } from "../../db/store/tables.ts";
import { poll } from "../harness.ts";

/** What a database holds of what is mirrored: the text of all rows, by table. */
export type Contents = Record<string, string>;

/** A remote that can be asked, such as a `Sqld`. */
export interface Asked {
  execute(sql: string): Promise<Record<string, unknown>[]>;
}

/** How the mirror's books stand on a device. */
interface Books {
  pending: number;
  aside: number;
  notices: string | null;
}

/** Opens a device's database beside the program that may use it. */
export async function openStore(data: string): Promise<Store> {
  return await Store.open({ path: join(data, DATABASE_NAME), synchronous: "NORMAL" });
}

/** SQL, by table, of what a place holds. */
function queries(store: Store): [string, string][] {
  return readTables(store).map(({ name, columns }) => {
    const all = ["id", ...columns.map((column) => column.name)].join(", ");
    const rows = `SELECT json_array(${all}) AS row FROM ${name} ORDER BY id`;
    return [name, `SELECT json_group_array(json(row)) AS rows FROM (${rows})`];
  });
}

/** What a device holds. */
function localContents(store: Store): Contents {
  return Object.fromEntries(
    queries(store).map(([name, sql]) => [name, store.rows<{ rows: string }>(sql)[0]!.rows]),
  );
}

/** What a remote holds; `store` says which tables and columns there are. */
async function remoteContents(server: Asked, store: Store): Promise<Contents> {
  const contents: Contents = {};
  for (const [name, sql] of queries(store)) {
    contents[name] = String((await server.execute(sql))[0]!.rows);
  }
  return contents;
}

/** Fails unless the file is sound: its pages, its indexes, and the words of the search. */
export async function assertSound(store: Store): Promise<void> {
  assertEquals(store.rows("PRAGMA integrity_check"), [{ integrity_check: "ok" }]);
  const [{ later }] = store.rows<{ later: number }>(
    "SELECT count(*) AS later FROM notes_unindexed",
  ) as [{ later: number }];
  // With a rank, words are compared with the notes themselves (sqlite.org/fts5.html §6.4); after a
  // long fetch that has to wait for the sidecar.
  const check =
    `INSERT INTO notes_fts (notes_fts, rank) VALUES ('integrity-check', ${+(later === 0)})`;
  const found = await poll(() => {
    try {
      store.run(check);
    } catch (error) {
      return (error as { code?: string }).code !== "STORE_BUSY" && { error };
    }
    return {};
  });
  if (found.error) throw new Error("The search doesn't fit the notes", { cause: found.error });
}

/** Fails unless devices and remote hold the same and nothing waits anywhere; what they hold. */
export async function assertEqualEverywhere(server: Asked, stores: Store[]): Promise<Contents> {
  const remote = await remoteContents(server, stores[0]!);
  for (const [device, store] of stores.entries()) {
    const here = localContents(store);
    for (const table of Object.keys(remote)) {
      const lacks = [without(remote[table]!, here[table]!), without(here[table]!, remote[table]!)];
      assertEquals(lacks, [[], []], `Device ${device} lacks, and the remote lacks in ${table}`);
    }
    const [books] = store.rows<Books>(
      "SELECT (SELECT count(*) FROM mirror_pending) AS pending, " +
        "(SELECT count(*) FROM mirror_aside) AS aside, " +
        "(SELECT value FROM mirror_state WHERE key = 'notices') AS notices",
    );
    assertEquals(books, { pending: 0, aside: 0, notices: null }, `Books of device ${device}`);
  }
  const [books] = await server.execute(
    "SELECT (SELECT count(*) FROM erth_rows WHERE deleted IS NULL) AS rows, " +
      "(SELECT count(*) FROM erth_batches) AS batches, (SELECT max(seq) FROM erth_batches) AS last",
  );
  const rows = Object.values(remote).map((text) => JSON.parse(text).length);
  assertEquals(Number(books!.rows), rows.reduce((sum, length) => sum + length, 0));
  assert(Number(books!.batches) <= Number(books!.last), "A batch is there twice");
  return remote;
}

/**
 * Fails if a program that mirrors lets somebody delete its database's log under its hands, or already
 * works on one that was deleted: whoever opens and closes the file beside the engine, in the same
 * process, lets go of the engine's locks (sqlite.org/howtocorrupt.html §2.2).
 */
export function assertAttached(pid: number, data: string): void {
  const folder = `/proc/${pid}/fd`;
  const open = [...Deno.readDirSync(folder)].map(({ name }) =>
    Deno.readLinkSync(join(folder, name))
  );
  assertEquals(open.filter((path) => /\.db(-\w+)? \(deleted\)$/.test(path)), []);
  const { ino } = Deno.statSync(join(data, DATABASE_NAME));
  const lock = new RegExp(`POSIX +ADVISORY +READ +${pid} \\w+:\\w+:${ino} `);
  assert(lock.test(Deno.readTextFileSync("/proc/locks")), `${pid} holds no lock on the database`);
}

/** The rows of one list that another lacks. */
function without(rows: string, others: string): string[] {
  const known = new Set((JSON.parse(others) as unknown[]).map((row) => JSON.stringify(row)));
  const all = (JSON.parse(rows) as unknown[]).map((row) => JSON.stringify(row));
  return all.filter((row) => !known.has(row));
}
