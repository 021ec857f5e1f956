import { join } from "node:path";
import { migrate, readMigrations } from "../../db/store/migrate.ts";
import { Mirror } from "../../db/mirror/mirror.ts";
import { Remote } from "../../db/remote/remote.ts";
import { DATABASE_NAME, Store } from "../../db/store/store.ts";
import type { Log } from "../../log.ts";

const QUIET: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Rows of a batch and of a page: few, so that little data makes several of each. */
export const LIMITS = { batch: 3, page: 3 };

/** A mirror that carries a few rows at a time. */
export async function openMirror(
  store: Store,
  url: string,
  fault?: (point: string) => void,
  limits?: typeof LIMITS,
): Promise<Mirror> {
  const remote = new Remote({ url, token: "" });
  const names = { deviceName: "Test", version: "0.0.0" };
  return await Mirror.open({ store, remote, log: QUIET, merge: true, fault, limits, ...names });
}

/** A new database in a folder. */
export async function makeStore(folder: string): Promise<Store> {
  await Deno.mkdir(folder, { recursive: true });
  const store = await Store.open({ path: join(folder, DATABASE_NAME), synchronous: "NORMAL" });
  migrate(store, await readMigrations(new URL("../../db/migrations", import.meta.url)), QUIET);
  return store;
}

/** Writes a note. */
export function addNote(store: Store, id: string, body = ""): void {
  store.change(
    "INSERT INTO notes (id, title, body, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
    ...[id, `Note ${id}`, body, ...Array(2).fill(new Date().toISOString())],
  );
}
