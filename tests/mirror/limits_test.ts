import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Remote } from "../../db/remote/remote.ts";
import { type Computer, type Row, scenario } from "./computer.ts";
import { SCHEMA, TABLES } from "./remote_support.ts";

/** Rows set aside, and why. */
function aside(computer: Computer): Row[] {
  return computer.store.rows("SELECT tbl, id, direction, code FROM mirror_aside ORDER BY id");
}

const refused = (id: string, direction = "push") => (
  { tbl: "notes", id, direction, code: "MIRROR_ROW_REFUSED" }
);

scenario("Rows that the remote refuses are set aside; all others go on", async (world) => {
  const [a, b] = [await world.computer("a"), await world.computer("b")];
  await b.sync();
  await world.remote(`CREATE TRIGGER guard BEFORE INSERT ON notes WHEN new.id LIKE 'bad%' BEGIN
    SELECT raise(ABORT, 'No guests'); END`);
  for (let n = 0; n < 100; n++) a.write(n % 40 === 20 ? `bad${n}` : `n${n}`, { title: `${n}` });
  await a.sync();
  assertEquals(aside(a), ["bad20", "bad60"].map((id) => refused(id)));
  const [row] = a.store.rows<{ reason: string; at: string }>("SELECT reason, at FROM mirror_aside");
  assertStringIncludes(row!.reason, "No guests");
  assert(Math.abs(Date.parse(row!.at) - Date.now()) < 60_000, row!.at);
  const { outbox } = await a.mirror();
  assertEquals(outbox.pending, 0);
  await b.sync();
  assertEquals(b.count("notes"), 98);
  a.write("n1", { title: "goes on" });
  a.write("bad20", { title: "changed, and refused again" });
  assertEquals(outbox.pending, 2);
  await a.sync();
  await b.sync();
  assertEquals([b.titles.n1, b.titles.bad20, aside(a).length], ["goes on", undefined, 2]);
  await world.remote("DROP TRIGGER guard");
  a.write("bad20", { title: "changed" });
  await a.sync();
  assertEquals(aside(a), [refused("bad60")]);
  outbox.retryAside();
  await a.sync();
  assertEquals(aside(a), []);
  await world.settle(a, b);
  assertEquals([b.titles.bad20, b.titles.bad60], ["changed", "60"]);
});

scenario("An edit and a deletion that the remote refuses are set aside too", async (world) => {
  const [a, b] = [await world.computer("a"), await world.computer("b")];
  for (let n = 0; n < 9; n++) a.write(`n${n}`);
  await world.settle(a, b);
  for (const event of ["UPDATE", "DELETE"]) {
    await world.remote(`CREATE TRIGGER guard_${event} BEFORE ${event} ON notes
      WHEN old.id IN ('n3', 'n4') BEGIN SELECT raise(ABORT, 'Kept'); END`);
  }
  a.write("n3", { title: "edited" });
  a.delete("n4");
  a.delete("n5");
  a.write("n6", { title: "edited" });
  await a.sync();
  assertEquals(aside(a), [refused("n3"), refused("n4")]);
  b.write("n7", { title: "by b" });
  await b.sync();
  await a.sync();
  assertEquals([b.note("n5"), b.titles.n6, a.titles.n7], [undefined, "edited", "by b"]);
  await world.remote("DROP TRIGGER guard_UPDATE");
  await world.remote("DROP TRIGGER guard_DELETE");
  (await a.mirror()).outbox.retryAside();
  await world.settle(a, b);
  assertEquals([b.titles.n3, b.note("n4")], ["edited", undefined]);
});

scenario("A refused edit that loses against another's is set aside no more", async (world) => {
  const [a, b] = [await world.computer("a"), await world.computer("b")];
  a.write("n1", { title: "at first" });
  await world.settle(a, b);
  await world.remote(`CREATE TRIGGER guard BEFORE UPDATE ON notes WHEN new.title = 'bad'
    BEGIN SELECT raise(ABORT, 'Not that'); END`);
  a.write("n1", { title: "bad" });
  await a.sync();
  assertEquals(aside(a), [refused("n1")]);
  await new Promise((resolve) => setTimeout(resolve, 5));
  b.write("n1", { title: "better" });
  await world.settle(b, a);
  assertEquals([a.titles.n1, a.lost, aside(a)], ["better", ["n1 bad"], []]);
});

scenario("A row too large for the remote waits until it is smaller", async (world) => {
  const [a, b] = [await world.computer("a"), await world.computer("b")];
  a.write("n1");
  a.write("large", { title: "book", body: "x".repeat(5_100_000) });
  a.write("n2");
  await a.sync();
  assertEquals(aside(a), [{ ...refused("large"), code: "MIRROR_ROW_TOO_LARGE" }]);
  await b.sync();
  assertEquals(Object.keys(b.titles), ["n1", "n2"]);
  a.write("large", { body: "x".repeat(1_000_000) });
  await world.settle(a, b);
  assertEquals(aside(a), []);
  a.write("large", { body: "x".repeat(5_100_000) });
  a.write("n1", { title: "goes on" });
  await a.sync();
  await b.sync();
  assertEquals([b.titles.n1, String(b.note("large")!.body).length], ["goes on", 1_000_000]);
  a.delete("large");
  await world.settle(a, b);
  assertEquals(aside(a), []);
});

scenario("A row that this database refuses is set aside until it is mended", async (world) => {
  const remote = new Remote({ url: world.server.url, token: "" });
  const loose = TABLES.map((table) => ({
    ...table,
    sql: table.sql.replaceAll(/ CHECK \((?:[^()]|\([^()]*\))*\)/g, ""),
  }));
  await remote.prepare(loose, SCHEMA);
  remote.close();
  const a = await world.computer("a");
  const time = "2026-01-01T00:00:00.000Z";
  const insert = "INSERT INTO notes (id, pinned, created_at, updated_at) VALUES (?, ?, ?, ?)";
  for (const id of ["n1", "n2", "n3", "n4"]) {
    await world.remote(insert, [id, id === "n2" || id === "n4" ? "7" : "0", time, time]);
  }
  await a.sync();
  assertEquals(Object.keys(a.titles), ["n1", "n3"]);
  assertEquals(aside(a), [refused("n2", "pull"), refused("n4", "pull")]);
  await world.remote("UPDATE notes SET title = 'news', pinned = 1 WHERE id IN ('n1', 'n2')");
  await a.sync();
  assertEquals(a.titles, { n1: "news", n2: "news", n3: "" });
  assertEquals(aside(a), [refused("n4", "pull")]);
  await world.remote("DELETE FROM notes WHERE id = 'n4'");
  await a.sync();
  assertEquals(aside(a), []);
  await world.isEqual(a);
});

const LARGE: Record<string, string> = {
  emoji: "🌍👩‍👩‍👧 ".repeat(160_000),
  quotes: `She said "Open 'C:\\temp'", and he opened that folder.`.repeat(80_000),
  lines: "\tThe first line of a poem\r\n\n".repeat(150_000),
  // Each takes six bytes on the way.
  control: Array.from({ length: 31 }, (_, code) => String.fromCharCode(code + 1)).join("")
    .repeat(26_000),
};

scenario("Notes of 4 MB there and back, byte for byte", async (world) => {
  const [a, b] = [await world.computer("a"), await world.computer("b")];
  a.write("n1", { title: "small" });
  for (const [id, body] of Object.entries(LARGE)) a.write(id, { body });
  a.write("n2", { title: "small" });
  await a.sync();
  assertEquals(aside(a), []);
  await b.sync();
  for (const [id, body] of Object.entries(LARGE)) assert(b.note(id)!.body === body, id);
  const back = LARGE.quotes + "!";
  b.write("quotes", { body: back });
  await b.sync();
  await a.sync();
  assert(a.note("quotes")!.body === back);
  const [row] = await world.remote("SELECT octet_length(body) AS n FROM notes WHERE id = 'quotes'");
  assertEquals(row!.n, new TextEncoder().encode(back).length);
  assertEquals([a.count("notes"), b.count("notes"), a.count("conflicts")], [6, 6, 0]);
});

scenario("What this database refused is fetched again on demand", async (world) => {
  const [a, b] = [await world.computer("a"), await world.computer("b")];
  await b.sync();
  b.store.run(`CREATE TRIGGER guard BEFORE INSERT ON notes WHEN new.id = 'bad'
    BEGIN SELECT raise(ABORT, 'Not here'); END`);
  for (const id of ["n1", "bad", "n2"]) a.write(id, { title: id });
  await a.sync();
  await b.sync();
  assertEquals([Object.keys(b.titles), aside(b)], [["n1", "n2"], [refused("bad", "pull")]]);
  const mirror = await b.mirror();
  await mirror.retryAside();
  assertEquals(aside(b), [refused("bad", "pull")]);
  b.store.run("DROP TRIGGER guard");
  await mirror.retryAside();
  assertEquals(aside(b), []);
  await world.settle(b, a);
});

scenario("100 000 changes made offline drain while edits go on", async (world) => {
  const [a, b] = [await world.computer("a"), await world.computer("b")];
  a.write("edited", { title: "0" });
  await world.settle(a, b);
  await world.countWrites("messages");
  const time = "2026-01-01T00:00:00.000Z";
  a.store.change(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) " +
      "INSERT INTO messages (id, thread_id, role, body, created_at) " +
      "SELECT printf('m%06d', i), 't' || i % 100, 'user', 'Message ' || i, ? FROM n",
    time,
  );
  a.store.run("UPDATE messages SET body = body || ', edited' WHERE rowid <= 30000");
  a.store.run("DELETE FROM messages WHERE rowid > 50000");
  let edits = 0;
  const timer = setInterval(() => {
    // As long as somebody writes, there is more to send.
    if (edits < 20) a.write("edited", { title: `${++edits}` });
  }, 20);
  await a.sync();
  clearInterval(timer);
  assert(edits > 3, `${edits} edits`);
  await a.sync();
  assertEquals(a.count("mirror_pending"), 0);
  const counts = "SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM spy";
  assertEquals(await world.remote(counts), [{ rows: 50_000, ids: 50_000 }]);
  const sums = "SELECT count(*) AS n, sum(length(body)) AS characters, " +
    "count(*) FILTER (WHERE body LIKE '%edited') AS edited FROM messages";
  const there = await world.remote(sums);
  assertEquals(there, a.store.rows(sums));
  assertEquals(there[0]!.edited, 30_000);
  await b.sync();
  assertEquals(there, b.store.rows(sums));
  assertEquals(b.titles.edited, `${edits}`);
});
