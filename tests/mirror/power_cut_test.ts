import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import type { Store } from "../../db/store/store.ts";
import { Erth, isAlive, poll } from "../harness.ts";
import { type DiskHistory, DiskTrace, writeFiles } from "./disk_trace.ts";
import { Dice } from "./operations.ts";
import { assertEqualEverywhere, assertSound, openStore } from "./places.ts";
import { addNote, openMirror } from "./small_mirror.ts";
import { Sqld } from "./sqld.ts";

/** The promise, and what a busy machine may add to it; seconds. */
const PROMISED = 1;
const BUSY = 0.5;
/** Words of a long note; two dozen of them fill the write-ahead log until it is moved. */
const LONG = 1500;

/** A note, and when Erth said that it was saved, in seconds since 1970. */
interface Edit {
  title: string;
  saved: number;
}

/** Until the power is cut. */
interface Life {
  edits: Edit[];
  history: DiskHistory;
}

/** Runs Erth on a folder until the power is cut: what it did to its files, and what it said. */
async function live(
  data: string,
  args: string[],
  use: (erth: Erth, write: (words?: number) => Promise<void>) => Promise<void>,
): Promise<Life> {
  const trace = await DiskTrace.begin(data);
  const erth = await Erth.start({ data, args, binary: await trace.program() });
  const edits: Edit[] = [];
  await use(erth, async (words = 3) => {
    const title = `Edit ${crypto.randomUUID()}`;
    const body = Array.from({ length: words }, () => crypto.randomUUID()).join(" ");
    await erth.json("notes", { title, body });
    edits.push({ title, saved: (performance.timeOrigin + performance.now()) / 1000 });
  });
  const sidecar = await erth.sidecar();
  for (const pid of [sidecar, erth.pid]) Deno.kill(pid, "SIGKILL");
  await erth.status;
  await poll(() => !isAlive(sidecar));
  return { edits, history: await trace.end() };
}

/** What there is after a cut, in a folder of its own. */
async function cut(history: DiskHistory, count?: number, dice?: Dice): Promise<Left> {
  const folder = await Deno.makeTempDir();
  await writeFiles(folder, history.afterCut(count, dice));
  return { folder, store: await openStore(folder) };
}

interface Left {
  folder: string;
  store: Store;
}

function titles(store: Store): string[] {
  const rows = store.rows<{ title: string }>("SELECT title FROM notes WHERE title LIKE 'Edit %'");
  return rows.map(({ title }) => title);
}

/** Fails unless the file is sound, has the edits, and takes new ones. */
async function assertGoesOn(store: Store, edits: Edit[]): Promise<void> {
  const there = titles(store);
  assertEquals(edits.filter(({ title }) => !there.includes(title)), []);
  assertEquals(new Set(there).size, there.length);
  addNote(store, crypto.randomUUID());
  await assertSound(store);
}

async function removeAll({ folder, store }: Left): Promise<void> {
  store.close();
  await Deno.remove(folder, { recursive: true });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

Deno.test("each commit is on the disk within a second", async () => {
  const data = await Deno.makeTempDir();
  const dice = new Dice(1);
  let due = 0;
  const { edits, history } = await live(data, [], async (_, write) => {
    for (let number = 0; number < 8; number++) {
      await write();
      await sleep(dice.below(600));
    }
    // What the indexing behind the edits writes from here on may end with the program.
    due = Date.now() / 1000;
    await sleep(1000 * (PROMISED + BUSY));
  });
  const log = history.operations.filter(({ file }) => file.endsWith("-wal"));
  const syncs = log.filter(({ kind }) => kind === "sync").map(({ time }) => time);
  const writes = log.filter(({ kind }) => kind === "write").map(({ time }) => time)
    .filter((time) => time < due);
  assert(writes.length > edits.length);
  const waits = writes.map((time) => Math.min(...syncs.filter((sync) => sync > time)) - time);
  assert(Math.max(...waits) < PROMISED + BUSY, `${Math.max(...waits)} s`);
  await Deno.remove(data, { recursive: true });
});

Deno.test("a portable Erth has each commit on the disk before it says so", async () => {
  const data = await Deno.makeTempDir();
  const { edits, history } = await live(data, ["--portable"], async (_, write) => {
    for (let number = 0; number < 8; number++) await write();
  });
  for (const [index, { saved }] of edits.entries()) {
    const count = history.operations.filter(({ time }) => time <= saved).length;
    const left = await cut(history, count);
    await assertGoesOn(left.store, edits.slice(0, index + 1));
    await removeAll(left);
  }
  await Deno.remove(data, { recursive: true });
});

Deno.test("a power cut leaves a sound database with all that was synced", async () => {
  const data = await Deno.makeTempDir();
  const dice = new Dice(2);
  const { edits, history } = await live(data, [], async (_, write) => {
    for (let number = 0; number < 28; number++) {
      await write(dice.chance(0.8) ? LONG : 1);
      await sleep(dice.below(100));
    }
  });
  const { operations } = history;
  const first = operations.findIndex(({ time }) => time > edits[0]!.saved);
  const moved = operations.slice(first).some((it) => it.kind === "sync" && it.file.endsWith(".db"));
  assert(moved, "The write-ahead log was never moved into the database");
  for (let number = 0; number < 12; number++) {
    const count = first + dice.below(operations.length - first);
    const synced = edits.filter(({ saved }) => history.isSynced(saved, count));
    for (const torn of [undefined, dice, dice]) {
      const left = await cut(history, count, torn);
      await assertGoesOn(left.store, synced);
      await removeAll(left);
    }
  }
  await Deno.remove(data, { recursive: true });
});

Deno.test("what is mirrored comes through power cuts exactly once", async () => {
  await using server = await Sqld.start();
  const dice = new Dice(3);
  let data = await Deno.makeTempDir();
  let known: Edit[] = [];
  for (let number = 0; number < 5; number++) {
    const { edits, history } = await live(data, [], async (erth, write) => {
      if (number === 0) await erth.json("shell/mirror/connect", { url: server.url });
      for (let left = 4 + dice.below(12); left > 0; left--) {
        await write(dice.chance(0.3) ? LONG : 1);
        if (dice.chance(0.3)) await writeThere(server);
        await sleep(dice.below(120));
      }
    });
    const snapshot = await server.snapshot();
    const synced = [...known, ...edits.filter(({ saved }) => history.isSynced(saved))];
    for (const torn of [undefined, dice, dice]) {
      await server.restore(snapshot);
      const left = await cut(history, undefined, torn);
      // Nothing is there that this disk could forget.
      const there = await server.execute("SELECT title FROM notes WHERE title LIKE 'Edit %'");
      const sent = there.map(({ title }) => ({ title: String(title), saved: 0 }));
      await assertGoesOn(left.store, [...synced, ...sent]);
      const mirror = await openMirror(left.store, server.url);
      await mirror.sync();
      await assertEqualEverywhere(server, [left.store]);
      await assertGoesOn(left.store, synced);
      await mirror.sync();
      await assertEqualEverywhere(server, [left.store]);
      known = titles(left.store).map((title) => ({ title, saved: 0 }));
      left.store.close();
      await Deno.copyFile(join(data, "mirror.json"), join(left.folder, "mirror.json"));
      await Deno.remove(data, { recursive: true });
      data = left.folder;
    }
  }
  await Deno.remove(data, { recursive: true });
});

/** Somebody else writes to the remote. */
async function writeThere(server: Sqld): Promise<void> {
  await server.execute(
    "INSERT INTO notes (id, title, created_at, updated_at) VALUES (?1, 'There', ?2, ?2)",
    [crypto.randomUUID(), new Date().toISOString()],
  );
}
