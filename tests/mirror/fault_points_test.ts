import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import type { Store } from "../../db/store/store.ts";
import { ROOT } from "../harness.ts";
import { assertEqualEverywhere, assertSound, openStore } from "./places.ts";
import { POINTS } from "./rounds.ts";
import { addNote, LIMITS, makeStore, openMirror } from "./small_mirror.ts";
import { Sqld } from "./sqld.ts";

const VICTIM = fileURLToPath(new URL("victim.ts", import.meta.url));
/** Each step the first time and, if there is one, the second. */
const FAULTS = POINTS.flatMap((point) =>
  (point === "pull.done" ? [1] : [1, 2]).map((nth) => `${point}:${nth}`)
);
const NOTES = 7;

/** Carries everything there is to carry. */
async function sync(store: Store, url: string): Promise<void> {
  await (await openMirror(store, url, undefined, LIMITS)).sync();
}

/** Two devices that have changes for each other, and have both written to the same note. */
async function prepare(url: string, folder: string): Promise<{ victim: Store; other: Store }> {
  const victim = await makeStore(`${folder}/victim`);
  const other = await makeStore(`${folder}/other`);
  for (const id of ["both", "gone", "kept"]) addNote(victim, id, "before");
  await sync(victim, url);
  await sync(other, url);
  const numbers = [...Array(NOTES).keys()];
  for (const number of numbers) addNote(other, `other ${number}`);
  other.change("UPDATE notes SET body = 'by the other' WHERE id = 'both'");
  await sync(other, url);
  // Later, so that its text is the one that stays.
  for (const number of numbers) addNote(victim, `victim ${number}`);
  victim.change("UPDATE notes SET body = 'by the victim' WHERE id = 'both'");
  victim.change("DELETE FROM notes WHERE id = 'gone'");
  return { victim, other };
}

/** Mirrors the victim's folder in a process of its own; how that ended. */
async function runVictim(folder: string, url: string, fault: string): Promise<string | number> {
  const { code, signal, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", VICTIM, `${folder}/local_edge.db`, url, ...fault.split(":")],
    cwd: ROOT,
  }).output();
  if (code === 1) throw new Error(new TextDecoder().decode(stderr));
  return signal ?? code;
}

/** How many batches devices have sent. */
async function countBatches(server: Sqld, url: string): Promise<number> {
  const rows = await server.execute("SELECT count(*) AS n FROM erth_batches", [], url);
  return Number(rows[0]!.n);
}

/** Has the victim die at a step, and settles everything; how many batches that took. */
async function play(server: Sqld, fault: string, meanwhile: boolean): Promise<number> {
  const folder = await Deno.makeTempDir();
  const url = await server.fresh();
  const { victim, other } = await prepare(url, folder);
  victim.close();
  const end = await runVictim(`${folder}/victim`, url, fault);
  assertEquals(end, fault === "" ? 0 : "SIGKILL");
  if (meanwhile) {
    addNote(other, "meanwhile");
    await sync(other, url);
  }
  const again = await openStore(`${folder}/victim`);
  for (const store of [again, other, again]) await sync(store, url);
  const remote = { execute: (sql: string) => server.execute(sql, [], url) };
  const contents = await assertEqualEverywhere(remote, [again, other]);
  for (const store of [again, other]) await assertSound(store);
  const notes: string[][] = JSON.parse(contents.notes!);
  assertEquals(notes.length, 2 * NOTES + (meanwhile ? 3 : 2));
  const kept: string[][] = JSON.parse(contents.conflicts!);
  assertEquals(notes.find(([id]) => id === "both")![2], "by the victim");
  assertEquals(kept.map(([, , , cells]) => cells), ['{"body":"by the other"}']);
  for (const store of [again, other]) store.close();
  await Deno.remove(folder, { recursive: true });
  return await countBatches(server, url);
}

Deno.test("killed at any step of the mirror: exactly once, no gap", async (test) => {
  await using server = await Sqld.start({ namespaces: true });
  const unhurt = await play(server, "", false);
  for (const fault of FAULTS) {
    await test.step(fault, async () => {
      assertEquals(await play(server, fault, false), unhurt);
    });
  }
  for (const point of POINTS) {
    await test.step(`${point}, and another device writes meanwhile`, async () => {
      assertEquals(await play(server, `${point}:1`, true), unhurt + 1);
    });
  }
});
