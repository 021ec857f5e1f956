import { assert, assertEquals } from "@std/assert";
import { generate } from "@std/uuid/v7";
import { join } from "node:path";
import { migrate, readMigrations } from "../../db/store/migrate.ts";
import { DATABASE_NAME, Store } from "../../db/store/store.ts";
import { Erth, poll } from "../harness.ts";
import { QUIET } from "../fixtures/database.ts";
import { readAnswer } from "./support.ts";

/** Enough that indexing them takes a while. */
const NOTES = 3000;
const AT = "2026-01-01T00:00:00.000Z";

interface Citing {
  citations: { note_id: string; passage: string; link: string }[];
}

/** Asks in a new conversation, and waits for the answer. */
async function ask(erth: Erth, question: string): Promise<Citing["citations"]> {
  const { id, answer_id } = await erth.json<{ id: string; answer_id: string }>("chat/new", {
    question,
  });
  const address = `chat/${id}/answers/${answer_id}`;
  await readAnswer(erth, address);
  return (await erth.json<Citing>(address)).citations;
}

/** A data folder with many notes that were written before there was an index of passages. */
async function fullFolder(): Promise<string> {
  const data = join(await Deno.makeTempDir(), "data");
  await Deno.mkdir(data, { mode: 0o700 });
  using store = await opened(data);
  migrate(store, await readMigrations(new URL("../../db/migrations", import.meta.url)), QUIET);
  const body = "The heron stands at the lake and waits for a fish that comes too near. ".repeat(12);
  store.transaction(() => {
    for (let number = 0; number < NOTES; number++) {
      store.change(
        "INSERT INTO notes (id, title, body, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
        generate(),
        `Heron ${number}`,
        number === 0 ? `${body}\n\nThe lighthouse keeper is called Ottilie.` : body,
        AT,
        AT,
      );
    }
  });
  return data;
}

async function opened(data: string): Promise<Store & Disposable> {
  const store = await Store.open({ path: join(data, DATABASE_NAME), synchronous: "NORMAL" });
  return Object.assign(store, { [Symbol.dispose]: () => store.close() });
}

function count(store: Store, table: string): number {
  return store.rows<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)[0]!.n;
}

Deno.test("what was just written is quoted, and what was deleted isn't", async () => {
  await using erth = await Erth.start();
  const body = "The lighthouse keeper is called Ottilie.";
  const { id } = await erth.json<{ id: string }>("notes", { title: "Coast", body });
  const [cited] = await ask(erth, "What is the name of the lighthouse keeper?");
  assertEquals([cited!.note_id, cited!.passage], [id, body]);
  assertEquals(cited!.link, `notes/${id}?at=0-${body.length}`);
  await erth.json(`notes/${id}`, { title: "Coast", body: "The harbour pilot is called Ottilie." });
  assertEquals(await ask(erth, "lighthouse"), []);
  await erth.json(`notes/${id}/delete`, {});
  assertEquals(await ask(erth, "Who is Ottilie?"), []);
});

Deno.test("indexing goes on after a sidecar was killed, and people can write meanwhile", async () => {
  const data = await fullFolder();
  await using erth = await Erth.start({ data });
  using store = await opened(data);
  const killed = await erth.sidecar();
  await poll(() => count(store, "passages_stale") < NOTES);
  Deno.kill(killed, "SIGKILL");
  await erth.sidecar(killed);
  const left = count(store, "passages_stale");
  assert(left > 0, "Everything was indexed before the kill");
  await erth.json("notes", { title: "Meanwhile", body: "A kingfisher." });
  const [meanwhile] = await ask(erth, "kingfisher");
  assertEquals(meanwhile?.passage, "A kingfisher.");
  await poll(() => count(store, "passages_stale") === 0);
  // Each note once, whatever the kill cut off.
  const sources = store.rows<{ n: number; once: number }>(
    "SELECT count(DISTINCT source_id) AS n," +
      " count(DISTINCT source_id || ' ' || start) = count(*) AS once FROM passages",
  );
  assertEquals(sources, [{ n: NOTES + 1, once: 1 }]);
  store.run("INSERT INTO passages_fts (passages_fts) VALUES ('integrity-check')");
  const [oldest] = await ask(erth, "Who keeps the lighthouse?");
  assert(oldest?.passage.includes("Ottilie"));
});

Deno.test("messages are found by their words once they were indexed", async () => {
  await using erth = await Erth.start();
  await ask(erth, "Where do kingfishers breed?");
  using store = await opened(erth.data);
  await poll(() => count(store, "messages_unindexed") === 0);
  const found = store.rows<{ role: string }>(
    "SELECT m.role FROM messages_fts f JOIN messages m ON m.rowid = f.rowid" +
      " WHERE messages_fts MATCH '\"kingfisher\"'",
  );
  assertEquals(found, [{ role: "user" }]);
});
