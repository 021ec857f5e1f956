import { assert, assertEquals, assertRejects } from "@std/assert";
import { capture, isCaptured } from "../../db/mirror/capture.ts";
import type { Migration } from "../../db/store/migrate.ts";
import { type Computer, cutAfter, MIGRATIONS, type Row, scenario, type World } from "./computer.ts";
import { codeOf } from "./remote_support.ts";

/** A newer Erth has a column more, and a table more that is mirrored. */
const NEWER: Migration[] = [...MIGRATIONS, {
  number: MIGRATIONS.length + 1,
  name: "newer.sql",
  sql: `ALTER TABLE notes ADD COLUMN colour TEXT NOT NULL DEFAULT 'none';
    CREATE TABLE places (id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL DEFAULT '') STRICT;
    INSERT INTO mirrored (name, topic) VALUES ('places', 'places')`,
}];

/** Installs the newer Erth, which at its start does what the shell does. */
async function update(computer: Computer): Promise<void> {
  computer.close();
  await computer.open(NEWER);
  if (isCaptured(computer.store)) capture(computer.store);
}

/** Computers that share three notes. */
async function sharing(world: World, ...names: string[]): Promise<Computer[]> {
  const computers: Computer[] = [];
  for (const name of names) computers.push(await world.computer(name));
  for (const id of ["n1", "n2", "n3"]) computers[0]!.write(id, { title: "at first" });
  await world.settle(...computers);
  return computers;
}

async function schemaOf(world: World): Promise<unknown> {
  const [row] = await world.remote("SELECT value FROM erth_meta WHERE key = 'schema'");
  return Number(row!.value);
}

const colours = (rows: Row[]) => rows.map(({ id, colour }) => `${id} ${colour}`);
const COLOURS = "SELECT id, colour FROM notes ORDER BY id";

scenario("An older Erth stops at a newer remote, and goes on here", async (world) => {
  const [a, b] = await sharing(world, "a", "b") as [Computer, Computer];
  await world.remote("UPDATE erth_meta SET value = '99' WHERE key = 'schema'");
  a.write("n1", { title: "before it is known" });
  for (let round = 0; round < 2; round++) {
    assertEquals(await codeOf(a.sync()), "MIRROR_SCHEMA_NEWER");
  }
  a.disconnect();
  assertEquals(await codeOf(a.sync()), "MIRROR_SCHEMA_NEWER");
  a.write("n4", { title: "goes on" });
  a.delete("n3");
  assertEquals((await a.mirror()).outbox.pending, 3);
  assertEquals(await world.remote("SELECT count(*) AS n FROM notes"), [{ n: 3 }]);
  const fresh = await world.computer("fresh");
  fresh.write("f1");
  assertEquals(await codeOf(fresh.sync()), "MIRROR_SCHEMA_NEWER");
  await world.remote("UPDATE erth_meta SET value = ? WHERE key = 'schema'", [
    `${MIGRATIONS.length}`,
  ]);
  await world.settle(a, b, fresh);
  assertEquals(b.titles, { n1: "before it is known", n2: "at first", n4: "goes on", f1: "" });
});

scenario("A newer Erth brings the remote up to date; the older keeps what waits", async (world) => {
  const [a, b, c] = await sharing(world, "a", "b", "c") as [Computer, Computer, Computer];
  await update(a);
  a.store.run("UPDATE notes SET colour = 'red' WHERE id = 'n1'");
  a.store.run("INSERT INTO places VALUES ('p1', 'Home')");
  await a.sync();
  assertEquals(await schemaOf(world), NEWER.length);
  a.store.run("UPDATE notes SET colour = 'blue' WHERE id = 'n2'");
  await a.sync();
  assertEquals(colours(await world.remote(COLOURS)), ["n1 red", "n2 blue", "n3 none"]);
  b.write("n1", { title: "by an older one" });
  b.write("b1", { title: "by an older one" });
  assertEquals(await codeOf(b.sync()), "MIRROR_SCHEMA_NEWER");
  assertEquals(b.count("mirror_pending"), 2);
  b.write("b2", { title: "goes on" });
  await update(b);
  await update(c);
  for (const computer of [b, c, a, b, c]) await computer.sync();
  for (const computer of [a, b, c]) {
    assertEquals(colours(computer.store.rows(COLOURS)), [
      "b1 none",
      "b2 none",
      "n1 red",
      "n2 blue",
      "n3 none",
    ], computer.name);
    assertEquals(computer.store.rows<Row>("SELECT * FROM places"), [{ id: "p1", name: "Home" }]);
  }
  await world.isEqual(a, b, c);
  assertEquals([a.titles.n1, a.titles.b1], ["by an older one", "by an older one"]);
});

scenario("An older Erth that sends without asking first is stopped too", async (world) => {
  const [a, b] = await sharing(world, "a", "b") as [Computer, Computer];
  await b.sync();
  await update(a);
  await a.sync();
  b.write("n1", { title: "by an older one" });
  assertEquals(
    await codeOf((await b.mirror()).sync(undefined, false)),
    "MIRROR_SCHEMA_NEWER",
  );
  assertEquals(b.count("mirror_pending"), 1);
});

scenario("A column edited after the update and before the mirror starts is sent", async (world) => {
  const [a, b] = await sharing(world, "a", "b") as [Computer, Computer];
  await update(a);
  a.store.run("UPDATE notes SET colour = 'green' WHERE id = 'n3'");
  await a.sync();
  await update(b);
  await b.sync();
  assertEquals(colours(b.store.rows(COLOURS)), ["n1 none", "n2 none", "n3 green"]);
});

scenario("Two newer ones at once bring the remote up to date once", async (world) => {
  const computers = await sharing(world, "a", "b", "c", "d");
  for (const computer of computers) {
    await update(computer);
    computer.store.change("INSERT INTO places VALUES (?, ?)", computer.name, computer.name);
  }
  const rounds = await Promise.allSettled(computers.map((computer) => computer.sync()));
  assert(rounds.some(({ status }) => status === "fulfilled"), JSON.stringify(rounds));
  for (let round = 0; round < 2; round++) {
    for (const computer of computers) await computer.sync();
  }
  assertEquals(await schemaOf(world), NEWER.length);
  for (const computer of computers) assertEquals(computer.count("places"), 4, computer.name);
  await world.isEqual(...computers);
});

for (const requests of [3, 5]) {
  scenario(`Cut off after ${requests} requests while it is brought up to date`, async (world) => {
    const [a, b] = await sharing(world, "a", "b") as [Computer, Computer];
    await update(a);
    await update(b);
    b.store.run("UPDATE notes SET colour = 'red' WHERE id = 'n1'");
    await assertRejects(() => a.sync({ fetch: cutAfter(requests) }));
    assertEquals(await schemaOf(world), MIGRATIONS.length);
    await b.sync();
    assertEquals(await schemaOf(world), NEWER.length);
    a.disconnect();
    await world.settle(a, b);
    assertEquals(colours(a.store.rows(COLOURS)), ["n1 red", "n2 none", "n3 none"]);
  });
}

scenario("What somebody dropped of Erth's own there is made again", async (world) => {
  const [a, b] = await sharing(world, "a", "b") as [Computer, Computer];
  await world.remote("DROP VIEW erth_head");
  await world.remote("DROP VIEW erth_inbox");
  a.write("n1", { title: "after that" });
  await world.settle(a, b);
  assertEquals(b.titles, { n1: "after that", n2: "at first", n3: "at first" });
});
