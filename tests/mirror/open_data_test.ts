import { assert, assertEquals } from "@std/assert";
import { createClient } from "@libsql/client";
import { join } from "node:path";
import { type Computer, scenario } from "./computer.ts";

const TIME = "2026-01-01T00:00:00.000Z";
const INSERT = "INSERT INTO notes (id, title, body, created_at, updated_at) VALUES (?, ?, ?, ?, ?)";

scenario("A libSQL embedded replica reads what was sent", async (world) => {
  const a = await world.computer("a");
  a.write("n1", { title: "Grüße 🌍", body: 'A "quoted" line\nand another', tags: '["one"]' });
  a.write("n2", { title: "second" });
  a.write("gone");
  await a.sync();
  const path = join(world.folder, "replica.db");
  const replica = createClient({ url: `file:${path}`, syncUrl: world.server.url });
  try {
    await replica.sync();
    const read = async () =>
      (await replica.execute("SELECT * FROM notes ORDER BY id")).rows
        .map((row) => ({ ...row }));
    assertEquals(await read(), a.all().notes);
    a.write("n2", { title: "edited", pinned: 1 });
    a.delete("gone");
    a.store.run(
      "INSERT INTO threads (id, title, created_at, updated_at, deleted_at) VALUES ('t1', 'talk', '2026', '2026', NULL)",
    );
    await a.sync();
    await replica.sync();
    assertEquals(await read(), a.all().notes);
    const { rows } = await replica.execute("SELECT title FROM threads");
    assertEquals(rows.map(({ title }) => title), ["talk"]);
    // Tags are JSON: other tools can ask for them.
    const tagged = await replica.execute(
      "SELECT n.id FROM notes n, json_each(n.tags) t WHERE t.value = 'one'",
    );
    assertEquals(tagged.rows.map(({ id }) => id), ["n1"]);
    // What is written through the replica arrives too.
    await replica.execute({ sql: INSERT, args: ["r1", "by the replica", "", TIME, TIME] });
    await a.sync();
    assertEquals(a.titles.r1, "by the replica");
  } finally {
    replica.close();
  }
}, { grpc: true });

/** Two computers that share two notes. */
async function pair(world: Parameters<Parameters<typeof scenario>[1]>[0]) {
  const [a, b] = [await world.computer("a"), await world.computer("b")];
  for (const id of ["n1", "n2"]) a.write(id, { title: "at first", body: "text" });
  await world.settle(a, b);
  return [a, b] as [Computer, Computer];
}

scenario("Rows inserted, changed and deleted by plain SQL arrive everywhere", async (world) => {
  const [a, b] = await pair(world);
  await world.remote(INSERT, ["s1", "by SQL", "Grüße 🌍\n'\"", TIME, TIME]);
  await world.remote("UPDATE notes SET title = 'changed by SQL' WHERE id = 'n1'");
  await world.remote("DELETE FROM notes WHERE id = 'n2'");
  await world.remote(
    "INSERT INTO threads (id, title, created_at, updated_at, deleted_at) VALUES ('t1', 'talk', '2026', '2026', NULL)",
  );
  const changes: string[] = [];
  a.disconnect();
  await a.sync({
    onChanged: (news) => news.forEach(({ topic, id }) => changes.push(`${topic} ${id}`)),
  });
  assertEquals(a.titles, { n1: "changed by SQL", s1: "by SQL" });
  assertEquals([a.note("s1")!.body, a.note("n1")!.body], ["Grüße 🌍\n'\"", "text"]);
  assertEquals(changes.sort(), ["notes n1", "notes n2", "notes s1", "threads t1"]);
  await world.settle(a, b);
  assertEquals(a.lost, []);
  a.write("s1", { title: "edited by a" });
  await world.settle(a, b);
  assertEquals(await world.remote("SELECT title FROM notes WHERE id = 's1'"), [
    { title: "edited by a" },
  ]);
  await world.remote("DELETE FROM notes");
  await world.remote(INSERT, ["n2", "made again", "", TIME, TIME]);
  await world.settle(a, b);
  assertEquals(b.titles, { n2: "made again" });
});

scenario("Plain SQL on a row that has edits here: both texts are kept", async (world) => {
  const [a, b] = await pair(world);
  a.write("n1", { title: "by a" });
  await world.remote("UPDATE notes SET title = 'by SQL' WHERE id = 'n1'");
  await world.settle(a, b);
  assertEquals([a.titles.n1, a.lost], ["by SQL", ["n1 by a"]]);
  await world.remote("UPDATE notes SET title = 'by SQL, earlier' WHERE id = 'n2'");
  await new Promise((resolve) => setTimeout(resolve, 5));
  a.write("n2", { title: "by a, later" });
  await world.settle(a, b);
  assertEquals([a.titles.n2, a.lost], ["by a, later", ["n1 by a", "n2 by SQL, earlier"]]);
  // Different columns are no conflict.
  a.write("n1", { body: "body by a" });
  await world.remote("UPDATE notes SET tags = '[\"sql\"]' WHERE id = 'n1'");
  await world.settle(a, b);
  assertEquals([a.note("n1")!.body, a.note("n1")!.tags], ["body by a", '["sql"]']);
  assertEquals(a.lost.length, 2);
});

scenario("Plain SQL deletes what has edits here: the edit stays", async (world) => {
  const [a, b] = await pair(world);
  a.write("n1", { title: "by a" });
  await world.remote("DELETE FROM notes WHERE id = 'n1'");
  await world.settle(a, b);
  assertEquals(b.note("n1")?.title, "by a");
  a.delete("n2");
  await world.remote("UPDATE notes SET title = 'by SQL' WHERE id = 'n2'");
  await world.settle(a, b);
  assertEquals(b.note("n2")?.title, "by SQL");
});

scenario("Many statements between two pushes, and one that changes nothing", async (world) => {
  const [a, b] = await pair(world);
  const before = (await a.mirror()).books.position!.head;
  await world.remote("UPDATE notes SET title = title");
  for (let n = 0; n < 20; n++) {
    await world.remote("UPDATE notes SET title = ? WHERE id = 'n1'", [`${n}`]);
    if (n % 5 === 0) a.write("n2", { title: `${n}` });
    if (n % 7 === 0) await a.sync();
  }
  await world.remote(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) " +
      "INSERT INTO messages (id, thread_id, role, body, created_at) " +
      "SELECT 'm' || i, 't', 'user', 'Message ' || i, '2026' FROM n",
  );
  await world.settle(a, b);
  assert((await a.mirror()).books.position!.head !== before);
  assertEquals([b.titles, b.count("messages"), b.lost], [{ n1: "19", n2: "15" }, 500, []]);
});

scenario("Upserts, replaced rows and changed ids by plain SQL", async (world) => {
  const [a, b] = await pair(world);
  await world.remote(`${INSERT} ON CONFLICT DO UPDATE SET title = excluded.title`, [
    "n1",
    "upserted",
    "",
    TIME,
    TIME,
  ]);
  await world.remote(INSERT.replace("INSERT", "INSERT OR REPLACE"), ["n2", "new", "", TIME, TIME]);
  await world.settle(a, b);
  assertEquals([a.titles, a.note("n1")!.body, a.note("n2")!.body], [
    { n1: "upserted", n2: "new" },
    "text",
    "",
  ]);
  await world.remote("UPDATE notes SET id = 'n3', title = 'moved' WHERE id = 'n1'");
  await world.settle(a, b);
  assertEquals(b.titles, { n2: "new", n3: "moved" });
});
