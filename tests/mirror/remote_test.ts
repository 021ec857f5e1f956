import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { Remote } from "../../db/remote/remote.ts";
import {
  batch,
  BEGINNING,
  codeOf,
  entries,
  full,
  headOf,
  note,
  SCHEMA,
  stamp,
  TABLES,
} from "./remote_support.ts";
import { Sqld } from "./sqld.ts";

/** What every test here is given: an empty database and a way to it. */
interface Bench {
  server: Sqld;
  url: string;
  remote: Remote;
}

/** The conformance suite: each test runs in a database of its own, with and without tokens. */
function conforms(name: string, body: (bench: Bench) => Promise<void>): void {
  for (const jwt of [false, true]) {
    Deno.test(`${name} (${jwt ? "with" : "without"} tokens)`, async () => {
      await using server = await Sqld.start({ jwt, namespaces: true });
      const url = await server.fresh();
      const remote = new Remote({ url, token: server.token });
      try {
        await body({ server, url, remote });
      } finally {
        remote.close();
      }
    });
  }
}

conforms("A probe tells what a database holds and changes nothing", async (bench) => {
  const { server, url, remote } = bench;
  assertEquals(await remote.probe(), { remote: "empty", remoteRows: 0, devices: [] });
  assertEquals(await server.execute("SELECT name FROM sqlite_schema", [], url), []);
  await remote.prepare(TABLES, SCHEMA);
  await remote.push("one", "0-", "aaaaaaaa", full({ n1: note("a"), n2: note("b") }, 1));
  await remote.report({ id: "aaaaaaaa", name: "Desk", version: "1", head: "1-one" });
  const { remote: id } = await remote.head();
  assertEquals(await remote.probe(), { id, remote: "erth", remoteRows: 2, devices: ["Desk"] });
  await server.execute("CREATE TABLE someone (a)", [], await server.fresh());
  const other = url.replace("db-1", "db-2");
  const foreign = new Remote({ url: other, token: server.token });
  assertEquals((await foreign.probe()).remote, "foreign");
  assertEquals(await codeOf(foreign.prepare(TABLES, SCHEMA)), "MIRROR_FOREIGN");
  const names = await server.execute("SELECT name FROM sqlite_schema", [], other);
  assertEquals(names.map(({ name }) => name), ["someone"]);
  foreign.close();
});

conforms("Several who prepare at once make one database", async ({ server, url, remote }) => {
  const others = [1, 2, 3].map(() => new Remote({ url, token: server.token }));
  await Promise.all([remote, ...others].map((one) =>
    // Whoever is kept waiting for too long comes again, as the mirror would.
    one.prepare(TABLES, SCHEMA).catch(() => one.prepare(TABLES, SCHEMA))
  ));
  const heads = await Promise.all([remote, ...others].map((one) => one.head()));
  assertEquals(new Set(heads.map(({ remote }) => remote)).size, 1);
  assertEquals(heads.map(({ schema, head, trimmed }) => [schema, head, trimmed])[0], [
    SCHEMA,
    "0-",
    0,
  ]);
  assert(Math.abs(heads[0]!.now - Date.now()) < 5_000);
  others.forEach((one) => one.close());
});

conforms("A newer schema adds its columns, and an older Erth stops", async ({ url, remote }) => {
  const older = TABLES.map((table) => ({
    ...table,
    columns: table.columns.filter(({ name }) => name !== "pinned"),
    sql: table.sql.replace(/^\s*pinned .*$/m, ""),
  }));
  await remote.prepare(older, SCHEMA - 1);
  const { remote: id } = await remote.head();
  const { pinned: _, ...plain } = note("before");
  await remote.push("one", "0-", "aaaaaaaa", full({ n1: plain }, 1));
  await remote.prepare(TABLES, SCHEMA);
  assertEquals((await remote.head()).remote, id, url);
  const after = full({ n2: note("after", { pinned: 1 }) }, 2);
  assert(await remote.push("two", await headOf(remote), "aaaaaaaa", after));
  const page = entries(await remote.page(TABLES, BEGINNING));
  assertEquals(page.map(([, id, , , , values]) => [id, values?.pinned]), [["n1", 0], ["n2", 1]]);
  assertEquals(await codeOf(remote.prepare(older, SCHEMA - 1)), "MIRROR_SCHEMA_NEWER");
});

conforms("A push is taken whole, once, and only upon the newest batch", async (bench) => {
  const { server, url, remote } = bench;
  await remote.prepare(TABLES, SCHEMA);
  const first = full({ n1: note("one"), n2: note("two") }, 1);
  assert(await remote.push("one", "0-", "aaaaaaaa", first));
  assertEquals(await remote.push("one", "0-", "aaaaaaaa", first), false);
  assertEquals(await remote.push("two", "1-other", "aaaaaaaa", first), false);
  assertEquals(await headOf(remote), "1-one");
  const second = batch({
    notes: {
      part: [["n1", { title: "uno" }, null, { title: stamp(2) }]],
      gone: [["n2", stamp(3)]],
    },
  });
  assert(await remote.push("two", "1-one", "aaaaaaaa", second));
  const rows = await server.execute("SELECT id, title, body FROM notes", [], url);
  assertEquals(rows.map((row) => ({ ...row })), [{ id: "n1", title: "uno", body: "" }]);
  const batches = await server.execute("SELECT seq, id, device FROM erth_batches", [], url);
  assertEquals(batches.map(({ seq, id, device }) => `${seq} ${id} ${device}`), [
    "1 one aaaaaaaa",
    "2 two aaaaaaaa",
  ]);
});

conforms("Of many pushes upon one batch one wins", async ({ server, url, remote }) => {
  await remote.prepare(TABLES, SCHEMA);
  const taken = await Promise.all([1, 2, 3, 4, 5, 6].map(async (number) => {
    const one = new Remote({ url, token: server.token });
    const taken = await one.push(`b${number}`, "0-", "aaaaaaaa", full({ n: note("x") }, number));
    one.close();
    return taken;
  }));
  assertEquals(taken.filter((one) => one).length, 1);
  assertEquals(await headOf(remote), `1-b${taken.indexOf(true) + 1}`);
});

conforms("Pages carry each row once, as it is now, in the order it was touched", async (bench) => {
  const { remote } = bench;
  await remote.prepare(TABLES, SCHEMA);
  await remote.push("one", "0-", "aaaaaaaa", full({ n1: note("1"), n2: note("2") }, 1));
  const first = await remote.page(TABLES, BEGINNING);
  assertEquals([first.count, first.more], [2, false]);
  assertEquals(entries(first)[0], ["notes", "n1", stamp(1), {}, null, note("1")]);
  const part = ["n1", { body: "Grüße 🌍\0" }, null, { body: stamp(5) }];
  await remote.push("two", "1-one", "bbbbbbbb", batch({ notes: { part: [part] } }));
  const second = await remote.page(TABLES, first.cursor);
  assertEquals(entries(second), [
    ["notes", "n1", stamp(1), { body: stamp(5) }, null, note("1", { body: "Grüße 🌍\0" })],
  ]);
  await remote.push("three", "2-two", "bbbbbbbb", batch({ notes: { gone: [["n2", stamp(6)]] } }));
  const third = await remote.page(TABLES, second.cursor);
  assertEquals(entries(third).map(([, id, , , deleted, values]) => [id, deleted, values]), [
    ["n2", stamp(6), null],
  ]);
  assertEquals((await remote.page(TABLES, third.cursor)).count, 0);
  assertEquals((await remote.page(TABLES, BEGINNING)).count, 2);
});

conforms("Many and large rows come in several pages, none twice", async ({ remote }) => {
  await remote.prepare(TABLES, SCHEMA);
  const ids = Array.from({ length: 3_000 }, (_, number) => `n${String(number).padStart(4, "0")}`);
  const many = Object.fromEntries(ids.map((id) => [id, note(id)]));
  await remote.push("one", "0-", "aaaaaaaa", full(many, 1));
  const large = "🌍".repeat(1_000_000);
  await remote.push("two", "1-one", "aaaaaaaa", full({ large: note("big", { body: large }) }, 2));
  const middling = Object.fromEntries([1, 2, 3].map((n) => [
    `m${n}`,
    note("m", { body: "x".repeat(1_500_000) }),
  ]));
  for (const [id, values] of Object.entries(middling)) {
    assert(await remote.push(id, await headOf(remote), "aaaaaaaa", full({ [id]: values }, 3)));
  }
  const [seen, alone]: [string[], string[]] = [[], []];
  let cursor = BEGINNING;
  for (let more = true; more;) {
    const page = await remote.page(TABLES, cursor);
    seen.push(...entries(page).map(([, id]) => id));
    for (const { id, values } of page.large) {
      alone.push(id);
      assertEquals(values.body, large);
    }
    ({ cursor, more } = page);
  }
  assertEquals([seen, alone], [[...ids, "large", "m1", "m2", "m3"], ["large"]]);
});

conforms("A device learns what happened since it knew everything", async ({ remote }) => {
  await remote.prepare(TABLES, SCHEMA);
  const rows = (id: string) => full({ [id]: note(id) }, 1);
  await remote.push("one", "0-", "aaaaaaaa", rows("n1"));
  await remote.push("two", "1-one", "bbbbbbbb", rows("n2"));
  await remote.push("three", "2-two", "aaaaaaaa", rows("n3"));
  await remote.report({ id: "bbbbbbbb", name: "Laptop", version: "1", head: "0-" });
  const since = (head: string, seq = 0) => remote.since(head, "aaaaaaaa", [seq, 0]);
  const names = { bbbbbbbb: "Laptop" };
  assertEquals(await since("0-"), { known: true, next: "one", own: 2, rows: 3, names });
  assertEquals(await since("1-one", 1), { known: true, next: "two", own: 1, rows: 2, names });
  assertEquals(await since("3-three", 3), { known: true, next: null, own: 0, rows: 0, names });
  assertEquals((await since("3-other")).known, false);
  assertEquals((await since("9-nine")).known, false);
});

conforms("What others write by plain SQL is news too", async ({ server, url, remote }) => {
  await remote.prepare(TABLES, SCHEMA);
  await remote.push("one", "0-", "aaaaaaaa", full({ n1: note("1"), n2: note("2") }, 1));
  const { cursor } = await remote.page(TABLES, BEGINNING);
  const time = "2026-01-01T00:00:00.000Z";
  const insert = "INSERT INTO notes (id, title, created_at, updated_at) VALUES ('n3', 'sql', ?, ?)";
  await server.execute(insert, [time, time], url);
  await server.execute("UPDATE notes SET title = 'sql' WHERE id = 'n1'", [], url);
  await server.execute("DELETE FROM notes WHERE id = 'n2'", [], url);
  const news = entries(await remote.page(TABLES, cursor));
  assertEquals(news.map(([, id, , , , values]) => [id, values?.title]), [
    ["n3", "sql"],
    ["n1", "sql"],
    ["n2", undefined],
  ]);
  assert(news[1]![3].title! > stamp(1) && news[2]![4]! > stamp(1));
  assertEquals((await remote.since("1-one", "aaaaaaaa", cursor)).own, 0);
  assertEquals(await remote.push("two", "1-one", "aaaaaaaa", full({ n1: note("x") }, 2)), false);
});

conforms("Devices are listed with how far they are, and forgotten", async ({ remote }) => {
  await remote.prepare(TABLES, SCHEMA);
  const report = (id: string, head: string) =>
    remote.report({ id, name: `Name ${id}`, version: "1", head });
  await report("aaaaaaaa", "0-");
  await report("bbbbbbbb", "0-");
  await remote.push("one", "0-", "aaaaaaaa", full({ n1: note("1") }, 1));
  await report("aaaaaaaa", "1-one");
  const { devices, sizes } = await remote.company();
  assertEquals(devices.map(({ id, name, behind }) => `${id} ${name} ${behind}`).sort(), [
    "aaaaaaaa Name aaaaaaaa 0",
    "bbbbbbbb Name bbbbbbbb 1",
  ]);
  assert(Math.abs(Date.parse(devices[0]!.seen) - Date.now()) < 5_000);
  assertEquals([sizes.batches, sizes.tombstones], [1, 0]);
  assert(sizes.remoteBytes > 10_000);
  await report("bbbbbbbb", "1-one");
  assertEquals((await remote.company()).devices.map(({ behind }) => behind), [0, 0]);
  await remote.forget("bbbbbbbb");
  assertEquals((await remote.company()).devices.map(({ id }) => id), ["aaaaaaaa"]);
});

conforms("Only what every device has passed is thrown away", async ({ remote }) => {
  await remote.prepare(TABLES, SCHEMA);
  const report = (id: string, head: string) => remote.report({ id, name: id, version: "1", head });
  await remote.push("one", "0-", "aaaaaaaa", full({ n1: note("1"), n2: note("2") }, 1));
  await remote.push("two", "1-one", "aaaaaaaa", batch({ notes: { gone: [["n1", stamp(2)]] } }));
  await remote.push("three", "2-two", "aaaaaaaa", full({ n3: note("3") }, 3));
  await report("aaaaaaaa", "3-three");
  await report("bbbbbbbb", "1-one");
  await remote.trim();
  assertEquals((await remote.company()).sizes.tombstones, 1);
  await report("bbbbbbbb", "3-three");
  await remote.trim();
  const { sizes } = await remote.company();
  assertEquals([sizes.tombstones, sizes.batches], [0, 1]);
  const head = await remote.head();
  assertEquals([head.head, head.trimmed], ["3-three", 3]);
  assertNotEquals(
    await remote.push("four", "3-three", "aaaaaaaa", full({ n4: note("4") }, 4)),
    false,
  );
});
