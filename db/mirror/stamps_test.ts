import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { database, pending, stamps, write } from "../../tests/fixtures/database.ts";
import { capture } from "./capture.ts";
import { Outbox } from "./outbox.ts";
import { pullBack, signAnew, tickOf } from "./stamps.ts";
import type { Store } from "../store/store.ts";

/** A database whose clock says what `ms` of test_clock says. */
async function clocked(ms: number): Promise<Store & Disposable> {
  const store = await database(
    `CREATE TABLE test_clock (ms INTEGER); INSERT INTO test_clock VALUES (${ms})`,
  );
  capture(store, { now: "(SELECT ms FROM test_clock)" });
  return store;
}

function deviceOf(store: Store): string {
  return store.rows<{ device: string }>("SELECT device FROM mirror_clock")[0]!.device;
}

/** The moment of a stamp, in milliseconds. */
function msOf(stamp: string): number {
  return Number(tickOf(stamp) >> 16n);
}

Deno.test("a stamp's clock is read without losing digits", () => {
  assertEquals(tickOf("7fffffffffffffff-abcd1234"), 2n ** 63n - 1n);
  assertEquals(tickOf("0020000000000001-sql~~"), 9007199254740993n);
});

Deno.test("under a new name what is our own and waits is signed anew, and nothing else", async () => {
  using store = await clocked(1000);
  for (const id of ["sent", "edited", "gone"]) write(store, id);
  store.run("DELETE FROM mirror_pending");
  const [old, sent, edited, gone] = [
    deviceOf(store),
    ...["sent", "edited", "gone"].map((id) => stamps(store, id)!),
  ];
  write(store, "edited", { title: "new" });
  write(store, "born", { title: "new" });
  write(store, "born", { title: "newer" });
  store.run("DELETE FROM notes WHERE id = 'gone'");
  const before = stamps(store, "born")!;
  signAnew(store);
  const device = deviceOf(store);
  assertMatch(device, /^[0-9a-f]{8}$/);
  assertNotEquals(device, old);
  assertEquals(stamps(store, "sent"), sent);
  const after = { edited: stamps(store, "edited")!, born: stamps(store, "born")! };
  assertEquals(after.edited.stamp, edited!.stamp);
  assert(after.edited.cells.title!.endsWith(`-${device}`));
  assertEquals(after.born.stamp, before.stamp.replace(old!, device));
  assertEquals(after.born.cells.title, before.cells.title!.replace(old!, device));
  assertEquals(stamps(store, "gone")!.stamp, gone!.stamp);
  assert(stamps(store, "gone")!.deleted!.endsWith(`-${device}`));
});

Deno.test("what is only sent once more keeps its writer's name", async () => {
  using store = await clocked(1000);
  write(store, "a");
  store.run(
    "DELETE FROM mirror_pending; UPDATE mirror_rows SET stamp = '0000000000000001-bbbbbbbb'",
  );
  new Outbox(store).resendAll({ deletions: false });
  signAnew(store);
  assertEquals(stamps(store, "a")!.stamp, "0000000000000001-bbbbbbbb");
});

Deno.test("stamps ahead of the remote's clock are pulled back in their order", async () => {
  const TRUE = 1_000_000;
  using store = await clocked(TRUE);
  write(store, "past");
  store.run(`UPDATE test_clock SET ms = ${TRUE + 9_999_999}`);
  for (const id of ["a", "b", "c", "d"]) write(store, id);
  write(store, "past", { title: "late" });
  write(store, "a", { title: "late" });
  store.run("DELETE FROM notes WHERE id = 'c'");
  // What somebody else wrote isn't ours to change.
  store.run(
    "UPDATE mirror_rows SET cells = json_object('body', '7000000000000000-bbbbbbbb') WHERE id = 'b'",
  );
  // What the remote has already can't be taken back.
  store.run("DELETE FROM mirror_pending WHERE id = 'd'");
  const [past, sent] = [stamps(store, "past")!.stamp, stamps(store, "d")!];
  store.run(`UPDATE test_clock SET ms = ${TRUE}`);
  pullBack(store, TRUE + 60_000, TRUE);
  assertEquals([stamps(store, "past")!.stamp, stamps(store, "d")], [past, sent]);
  const now = [
    stamps(store, "a")!.stamp,
    stamps(store, "b")!.stamp,
    stamps(store, "c")!.stamp,
    stamps(store, "past")!.cells.title!,
    stamps(store, "a")!.cells.title!,
    stamps(store, "c")!.deleted!,
  ];
  assertEquals(now.toSorted(), now);
  assertEquals(new Set(now).size, 6);
  assert(now.every((stamp) => msOf(stamp) === TRUE), now.join());
  assertEquals(stamps(store, "b")!.cells, { body: "7000000000000000-bbbbbbbb" });
  assertEquals(pending(store).length, 4);
  write(store, "next");
  assert(stamps(store, "next")!.stamp > now.at(-1)!);
  assertEquals(msOf(stamps(store, "next")!.stamp), TRUE);
});

Deno.test("the clock isn't set back behind what others are known to have written", async () => {
  const TRUE = 1_000_000;
  using store = await clocked(TRUE);
  write(store, "a");
  const other = `${(BigInt(TRUE + 50_000) << 16n).toString(16).padStart(16, "0")}-bbbbbbbb`;
  store.change("UPDATE mirror_rows SET cells = json_object('title', ?)", other);
  store.run(`UPDATE test_clock SET ms = ${TRUE + 9_999_999}`);
  write(store, "b");
  store.run(`UPDATE test_clock SET ms = ${TRUE}`);
  pullBack(store, TRUE + 60_000, TRUE);
  write(store, "a", { title: "mine" });
  assert(stamps(store, "a")!.cells.title! > other);
});
