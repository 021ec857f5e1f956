import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { database, noPause, pending, stamps, write } from "../../tests/fixtures/database.ts";
import { capture, enterOldRows, isCaptured } from "./capture.ts";
import type { Store } from "../store/store.ts";

/** SQL of a clock that a test sets. */
const CLOCK = "(SELECT ms FROM test_clock)";

async function captured(): Promise<Store & Disposable> {
  const store = await database(
    "CREATE TABLE test_clock (ms INTEGER); INSERT INTO test_clock VALUES (1000)",
  );
  capture(store, { now: CLOCK });
  return store;
}

function version(store: Store): number {
  return store.rows<{ version: number }>("SELECT version FROM mirror_clock")[0]!.version;
}

Deno.test("nothing is noted before the triggers are made", async () => {
  using store = await database();
  write(store, "a");
  assertEquals([isCaptured(store), pending(store)], [false, []]);
  capture(store);
  write(store, "b");
  assertEquals([isCaptured(store), pending(store).map(({ id }) => id)], [true, ["b"]]);
});

Deno.test("triggers that are right are left alone, so that nobody has to read the schema again", async () => {
  using store = await captured();
  const number = () => store.rows("PRAGMA schema_version");
  const before = number();
  capture(store, { now: CLOCK });
  assertEquals(number(), before);
  capture(store, { now: "1" });
  assertNotEquals(number(), before);
});

Deno.test("all changes of a row fold into one that waits", async () => {
  using store = await captured();
  write(store, "a");
  assertEquals(pending(store), [
    { tbl: "notes", id: "a", version: 1, born: 1, bases: {}, versions: {}, grave: null },
  ]);
  const { stamp: born } = stamps(store, "a")!;
  store.run("DELETE FROM mirror_pending");
  write(store, "a", { title: "one" });
  const { cells: { title: first } } = stamps(store, "a")!;
  write(store, "a", { title: "two", body: "two" });
  assertEquals(pending(store), [{
    ...{ tbl: "notes", id: "a", version: 3, born: null, grave: null },
    // What the remote has is what was replaced first.
    bases: { title: born, body: born },
    versions: { title: 3, body: 3 },
  }]);
  const { cells } = stamps(store, "a")!;
  assert(cells.title! > first! && cells.title === cells.body);
  store.run("DELETE FROM notes");
  const [grave] = pending(store);
  assertEquals([grave!.version, grave!.versions, JSON.parse(grave!.grave!).title], [4, {}, "two"]);
  assert(stamps(store, "a")!.deleted! > cells.title!);
  assertEquals(pending(store).length, 1);
});

Deno.test("an update that changes nothing notes nothing", async () => {
  using store = await captured();
  write(store, "a", { title: "same" });
  const before = [version(store), stamps(store, "a"), pending(store)];
  store.run("UPDATE notes SET title = 'same', deleted_at = NULL");
  assertEquals([version(store), stamps(store, "a"), pending(store)], before);
  store.run("UPDATE notes SET deleted_at = ''");
  assertEquals(version(store), 2);
});

Deno.test("ten rows of one statement get ten numbers and ten rising stamps", async () => {
  using store = await captured();
  for (let n = 0; n < 10; n++) write(store, `n${n}`);
  store.run("UPDATE notes SET title = 'all'");
  const rows = pending(store);
  assertEquals(rows.map((row) => row.version), Array.from({ length: 10 }, (_, n) => n + 11));
  const titles = rows.map(({ id }) => stamps(store, id)!.cells.title!);
  assertEquals(titles.toSorted(), titles);
  assertEquals(new Set(titles).size, 10);
});

Deno.test("what is written muted isn't noted", async () => {
  using store = await captured();
  write(store, "a");
  store.run("DELETE FROM mirror_pending; UPDATE mirror_clock SET muted = 1");
  const before = stamps(store, "a");
  write(store, "a", { title: "from elsewhere" });
  write(store, "b");
  store.run("DELETE FROM notes WHERE id = 'a'");
  assertEquals([pending(store), stamps(store, "a"), stamps(store, "b")], [[], before, undefined]);
});

Deno.test("a row deleted and made anew is born again, and says what it replaces", async () => {
  using store = await captured();
  write(store, "a", { title: "old" });
  const { stamp } = stamps(store, "a")!;
  store.run("DELETE FROM mirror_pending; DELETE FROM notes");
  write(store, "a", { title: "new" });
  const [row] = pending(store);
  assertEquals([row!.born, row!.version, row!.grave, row!.bases.title], [3, 3, null, stamp]);
  const after = stamps(store, "a")!;
  assert(after.stamp > stamp);
  assertEquals([after.deleted, after.cells], [null, {}]);
});

Deno.test("stamps rise even if the clock is set back, and keep up if it is set forward", async () => {
  using store = await captured();
  const seen: string[] = [];
  for (const ms of [1000, 1000, 500, -5, 2000, 1999]) {
    store.change("UPDATE test_clock SET ms = ?", ms);
    write(store, "a", { title: `${seen.length}` });
    const { stamp, cells } = stamps(store, "a")!;
    seen.push(cells.title ?? stamp);
  }
  assertEquals(seen.toSorted(), seen);
  assertEquals(new Set(seen).size, 6);
  assertEquals(Number(`0x${seen[4]!.slice(0, 16)}`), 2000 * 65536);
});

Deno.test("old rows are entered once, with the time they were written", async () => {
  using store = await database();
  store.run(
    "INSERT INTO notes (id, created_at, updated_at) WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL " +
      "SELECT n + 1 FROM c WHERE n < 1200) SELECT 'n' || n, '', " +
      "strftime('%Y-%m-%dT%H:%M:%fZ', n, 'unixepoch') FROM c; DELETE FROM notes WHERE id = 'n700'",
  );
  capture(store);
  // What comes in between isn't old.
  write(store, "new");
  let pauses = 0;
  const cut = () => ++pauses < 2 ? Promise.resolve() : Promise.reject(new Error("cut off"));
  await assertRejects(() => enterOldRows(store, cut), Error, "cut off");
  assertEquals(pending(store).length, 1001);
  capture(store);
  store.run("DELETE FROM mirror_pending WHERE id = 'n1'");
  await enterOldRows(store, noPause);
  await enterOldRows(store, noPause);
  const rows = pending(store);
  assertEquals([rows.length, new Set(rows.map((row) => row.version)).size], [1199, 1199]);
  assert(rows.every(({ born, version }) => born === version));
  assert(rows.at(-1)!.version <= version(store));
  const device = store.rows<{ device: string }>("SELECT device FROM mirror_clock")[0]!.device;
  const stamp = (BigInt(1200_000) << 16n).toString(16).padStart(16, "0");
  assertEquals(stamps(store, "n1200")!.stamp, `${stamp}-${device}`);
});

Deno.test("what is written after an old row was entered is later than it", async () => {
  using store = await database();
  write(store, "a", { updated_at: "2999-01-01T00:00:00.000Z" });
  capture(store, { now: "0" });
  await enterOldRows(store, noPause);
  const { stamp } = stamps(store, "a")!;
  write(store, "a", { title: "later" });
  assert(stamps(store, "a")!.cells.title! > stamp);
});

Deno.test("an old row that changes before it is entered keeps its age but for what changed", async () => {
  using store = await database();
  write(store, "a", { updated_at: "1970-01-01T00:00:01.000Z" });
  capture(store);
  write(store, "a", { title: "changed" });
  await enterOldRows(store, noPause);
  const { stamp, cells } = stamps(store, "a")!;
  assertEquals(stamp.slice(0, 16), (BigInt(1000) << 16n).toString(16).padStart(16, "0"));
  assertEquals(Object.keys(cells), ["title"]);
  const [row] = pending(store);
  // The remote may have any title; this one names none of them as known.
  assert(row!.bases.title! < stamp && row!.born !== null);
});

Deno.test("after a change of the schema the triggers know the new column", async () => {
  using store = await captured();
  write(store, "a");
  store.run("DELETE FROM mirror_pending");
  store.run("ALTER TABLE notes ADD COLUMN colour TEXT");
  capture(store, { now: CLOCK });
  await enterOldRows(store, noPause);
  assertEquals(pending(store), []);
  write(store, "a", { colour: "red" });
  assertEquals(pending(store).map(({ versions }) => versions), [{ colour: 2 }]);
});
