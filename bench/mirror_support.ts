import { generate } from "@std/uuid/v7";
import { join } from "node:path";
import { capture } from "../db/mirror/capture.ts";
import { migrate, readMigrations } from "../db/store/migrate.ts";
import { Mirror } from "../db/mirror/mirror.ts";
import type { MirrorMessage, MirrorOrder, MirrorState } from "../db/mirror/messages.ts";
import { Remote } from "../db/remote/remote.ts";
import { Store } from "../db/store/store.ts";
import { drafts } from "./lib/notes.ts";
import { WORK } from "./lib/programs.ts";

/** Characters of a note's text: a short paragraph. */
export const TEXT = 300;

const FOLDER = join(WORK, `mirror-${Deno.pid}`);
addEventListener("unload", () => Deno.removeSync(FOLDER, { recursive: true }));
const AT_ONCE = 500;
const QUIET = { debug() {}, info() {}, warn() {}, error() {} };
const MIGRATIONS = await readMigrations(new URL("../db/migrations", import.meta.url));

const made = new Map<number, Promise<string>>();

/** An empty folder of this call's own. */
export async function freshFolder(): Promise<string> {
  await Deno.mkdir(FOLDER, { recursive: true });
  return await Deno.makeTempDir({ dir: FOLDER });
}

/** Opens a local database, and makes it if it isn't there. */
export async function openStore(path: string): Promise<Store> {
  const store = await Store.open({ path, synchronous: "NORMAL" });
  migrate(store, MIGRATIONS, QUIET);
  return store;
}

/**
 * A new copy of a database with so many notes of 30 + 300 characters, each written by an `INSERT` of
 * its own with all triggers on, all waiting to be sent; its path.
 */
export async function waiting(count: number): Promise<string> {
  if (!made.has(count)) made.set(count, write(count));
  const path = join(await freshFolder(), "local.db");
  await Deno.copyFile(await made.get(count)!, path);
  return path;
}

async function write(count: number): Promise<string> {
  const path = join(await freshFolder(), "local.db");
  const store = await openStore(path);
  capture(store);
  const notes = drafts(count, TEXT);
  const now = new Date().toISOString();
  for (let from = 0; from < count; from += AT_ONCE) {
    store.transaction(() => {
      for (const { title, body, tags } of notes.slice(from, from + AT_ONCE)) {
        store.change(
          "INSERT INTO notes (id, title, body, tags, created_at, updated_at) " +
            "VALUES (?, ?, ?, ?, ?, ?)",
          generate(),
          title,
          body,
          JSON.stringify(tags),
          now,
          now,
        );
      }
    });
  }
  store.close();
  return path;
}

/** Brings a database and a remote up to date, in this thread; the milliseconds it took. */
export async function syncOnce(store: Store, url: string, name: string): Promise<number> {
  const remote = new Remote({ url, token: "" });
  const mirror = await Mirror.open({ store, remote, log: QUIET, deviceName: name, version: "0" });
  try {
    const begin = performance.now();
    await mirror.sync();
    return performance.now() - begin;
  } finally {
    remote.close();
  }
}

/** The mirror's worker. */
export interface MirrorThread extends AsyncDisposable {
  /** What it told of itself last. */
  readonly state: MirrorState | undefined;
}

/** Mirrors a database in a thread of its own, as Erth does; ends it when disposed of. */
export function mirrorThread(database: string, url: string, token = ""): MirrorThread {
  const worker = new Worker(new URL("../db/mirror/worker.ts", import.meta.url), { type: "module" });
  const stopped = Promise.withResolvers<void>();
  let state: MirrorState | undefined;
  worker.onmessage = ({ data }: MessageEvent<MirrorMessage>) => {
    if (data.message === "stopped") stopped.resolve();
    if (data.message === "state") state = data.state;
  };
  const tell = (order: MirrorOrder) => worker.postMessage(order);
  const start = { deviceName: "Bench", version: "0", synchronous: "NORMAL", merge: false } as const;
  tell({ order: "start", options: { ...start, database, url, token } });
  return {
    get state() {
      return state;
    },
    async [Symbol.asyncDispose]() {
      tell({ order: "stop" });
      await stopped.promise;
      worker.terminate();
    },
  };
}
