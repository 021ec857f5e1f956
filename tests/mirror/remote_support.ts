import type { Batch } from "../../db/remote/batch.ts";
import { assertInstanceOf } from "@std/assert";
import { join } from "node:path";
import { migrate, readMigrations } from "../../db/store/migrate.ts";
import type { Remote } from "../../db/remote/remote.ts";
import type { Head, RemotePage } from "../../db/remote/answers.ts";
import { Store } from "../../db/store/store.ts";
import { readTables } from "../../db/store/tables.ts";
import { ErthError } from "../../errors.ts";
import type { Log } from "../../log.ts";

export const QUIET: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** The present schema's number. */
export const SCHEMA = 2;

/** The start of everything. */
export const BEGINNING: RemotePage["cursor"] = [0, 0];

const MIGRATIONS = await readMigrations(new URL("../../db/migrations", import.meta.url));

/** A new local database as an Erth has it. */
export async function newStore(folder: string, name = "local.db"): Promise<Store> {
  const store = await Store.open({ path: join(folder, name), synchronous: "NORMAL" });
  migrate(store, MIGRATIONS, QUIET);
  return store;
}

const scratch = await Store.open({ path: ":memory:", synchronous: "NORMAL" });
migrate(scratch, MIGRATIONS, QUIET);

/** The mirrored tables. */
export const TABLES = readTables(scratch);

/** The code of the error that a call ends with; fails if it doesn't. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  const thrown = await call.then(() => undefined, (error) => error);
  assertInstanceOf(thrown, ErthError);
  return thrown.code;
}

/** A stamp: the number of a moment, and who wrote then. */
export function stamp(moment: number, device = "aaaaaaaa"): string {
  return `${moment.toString(16).padStart(16, "0")}-${device}`;
}

/** All columns of a note. */
export function note(title: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  const times = { created_at: "2026-01-01T00:00:00.000Z", updated_at: "2026-01-01T00:00:00.000Z" };
  return { title, body: "", tags: "[]", pinned: 0, ...times, deleted_at: null, ...more };
}

/** Whole notes in the shape of a push. */
export function full(notes: Record<string, Record<string, unknown>>, moment: number): Batch {
  const rows = Object.entries(notes).map(([id, values]) => [id, values, stamp(moment), {}]);
  return batch({ notes: { full: rows } });
}

/** A push of anything. */
export function batch(rows: unknown): Batch {
  const [made] = scratch.rows<{ body: Uint8Array }>(
    "SELECT jsonb(?) AS body",
    JSON.stringify(rows),
  );
  // The remote looks at nothing else.
  return { body: new Uint8Array(made!.body) } as Partial<Batch> as Batch;
}

/** The newest batch there. */
export async function headOf(remote: Remote): Promise<Head["head"]> {
  return (await remote.head()).head;
}

/** A row as a page carries it. */
export type Entry = [
  table: string,
  id: string,
  stamp: string,
  cells: Record<string, string>,
  deleted: string | null,
  values: Record<string, unknown> | null,
];

/** The rows of a page. */
export function entries({ rows }: RemotePage): Entry[] {
  return JSON.parse(scratch.rows<{ rows: string }>("SELECT json(?) AS rows", rows)[0]!.rows);
}
