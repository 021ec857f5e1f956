import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ErthError } from "../../errors.ts";
import { LineLog } from "../../log.ts";
import { migrate, type Migration, readMigrations, schemaNumber } from "./migrate.ts";
import { Store } from "./store.ts";

const FOLDER = new URL("../migrations", import.meta.url);
const log = new LineLog(() => {});

async function withStore(run: (store: Store, path: string) => unknown): Promise<void> {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/local_edge.db`;
  const store = await Store.open({ path, synchronous: "NORMAL" });
  try {
    await run(store, path);
  } finally {
    store.close();
    await Deno.remove(folder, { recursive: true });
  }
}

function addNote(store: Store, id: string, title: string, body: string): void {
  store.change(
    "INSERT INTO notes (id, title, body, created_at, updated_at) VALUES (?, ?, ?, '', '')",
    id,
    title,
    body,
  );
}

function find(store: Store, words: string): string[] {
  return store.rows<{ id: string }>(
    "SELECT id FROM notes WHERE rowid IN (SELECT rowid FROM notes_fts(?)) ORDER BY id",
    words,
  ).map(({ id }) => id);
}

Deno.test("the migrations bring an empty file up to date, once", async () => {
  await withStore(async (store) => {
    const migrations = await readMigrations(FOLDER);
    assertEquals(migrate(store, migrations, log), migrations.length);
    addNote(store, "a", "kept", "");
    migrate(store, migrations, log);
    assertEquals(store.rows("SELECT title FROM notes"), [{ title: "kept" }]);
  });
});

Deno.test("full-text search follows insert, update and delete, in three languages", async () => {
  await withStore(async (store) => {
    migrate(store, await readMigrations(FOLDER), log);
    addNote(store, "de", "Straßenbahn", "Die Gebäudeversicherung läuft aus");
    addNote(store, "en", "Lease", "Ends in March");
    addNote(store, "zh", "猫", "我的猫叫小白，喜欢睡觉");
    assertEquals(find(store, '"versicherung"'), ["de"]);
    assertEquals(find(store, '"gebaude"'), ["de"]);
    assertEquals(find(store, '"喜欢睡"'), ["zh"]);
    store.change("UPDATE notes SET body = 'Ends in April' WHERE id = 'en'");
    assertEquals([find(store, '"march"'), find(store, '"april"')], [[], ["en"]]);
    store.change("DELETE FROM notes WHERE id = 'de'");
    assertEquals(find(store, '"versicherung"'), []);
    store.run("INSERT INTO notes_fts (notes_fts) VALUES ('integrity-check')");
  });
});

Deno.test("a step that fails leaves nothing of itself", async () => {
  await withStore((store) => {
    const steps: Migration[] = [
      { number: 1, name: "good", sql: "CREATE TABLE a (x)" },
      { number: 2, name: "bad", sql: "CREATE TABLE b (x); CREATE TABLE a (x)" },
    ];
    assertThrows(() => migrate(store, steps, log), ErthError);
    const tables = store.rows("SELECT name FROM sqlite_master WHERE type = 'table'");
    assertEquals(tables, [{ name: "a" }]);
    assertEquals(store.rows("PRAGMA user_version"), [{ user_version: 1 }]);
  });
});

Deno.test("a file of a newer Erth is left alone", async () => {
  await withStore(async (store) => {
    store.run("PRAGMA user_version = 999");
    const migrations = await readMigrations(FOLDER);
    const error = assertThrows(() => migrate(store, migrations, log), ErthError);
    assertEquals(error.code, "SCHEMA_UNKNOWN");
  });
});

Deno.test("the schema's number is read from the file's header", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/local_edge.db`;
  assertEquals(await schemaNumber(path), 0);
  const store = await Store.open({ path, synchronous: "NORMAL" });
  const newest = migrate(store, await readMigrations(FOLDER), log);
  store.close();
  assertEquals(await schemaNumber(path), newest);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a folder with a missing number is refused", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/0002_late.sql`, "");
  const error = await assertRejects(() => readMigrations(folder), Error);
  assert(error.message.includes("0002_late.sql"));
  await Deno.remove(folder, { recursive: true });
});
