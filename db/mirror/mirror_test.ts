import { assert, assertEquals, assertRejects } from "@std/assert";
import { database, pending, THINGS, write } from "../../tests/fixtures/database.ts";
import { StandIn } from "../../tests/fixtures/stand_in.ts";
import { ErthError } from "../../errors.ts";
import type { Store } from "../store/store.ts";

function titles(store: Store): Record<string, string> {
  const rows = store.rows<{ id: string; title: string }>("SELECT id, title FROM notes ORDER BY id");
  return Object.fromEntries(rows.map(({ id, title }) => [id, title]));
}

function pushes({ heard }: StandIn): number {
  return heard.filter((sql) => sql.includes("INTO erth_inbox")).length;
}

const OFFLINE = new ErthError("MIRROR_OFFLINE", "The cable is out");

Deno.test("two devices have the same after each has asked", async () => {
  using a = await database();
  using b = await database();
  using server = await StandIn.open(a);
  write(a, "old", { title: "older than the mirror" });
  const [one, two] = [await server.mirror(a), await server.mirror(b)];
  write(a, "n1", { title: "from a" });
  await one.sync();
  write(b, "n2", { title: "from b" });
  await two.sync();
  await one.sync();
  const all = { n1: "from a", n2: "from b", old: "older than the mirror" };
  assertEquals([titles(a), titles(b), titles(server.store)], [all, all, all]);
  assertEquals([pending(a), pending(b)], [[], []]);
  assertEquals(one.devices.length, 1);
  // Nothing to do is one question.
  server.heard.length = 0;
  await one.sync();
  assertEquals(server.heard, ["SELECT * FROM erth_head"]);
  await one.sync(undefined, false);
  assertEquals(server.heard.length, 1);
});

Deno.test("every value travels unharmed, both ways, and through a merge", async () => {
  using a = await database(THINGS);
  using b = await database(THINGS);
  using server = await StandIn.open(a);
  const [one, two] = [await server.mirror(a), await server.mirror(b)];
  await one.sync();
  await two.sync();
  a.run(`INSERT INTO things VALUES ('max', 0.1 + 0.2, 9223372036854775807, x'00ff', 'é 猫 "'),
    ('min', -1e-300, -9223372036854775808, x'', ''), ('null', NULL, NULL, NULL, NULL),
    ('odd', 1e300, 9007199254740993, x'00', 'a' || char(0) || 'b')`);
  await one.sync();
  await two.sync();
  // By columns, there and back, and merged with a change of the same row.
  b.run(
    "UPDATE things SET i = i - 1, r = r * 3, b = CAST(coalesce(b, x'') || x'01' AS BLOB) WHERE id != 'min'",
  );
  await two.sync();
  a.run("UPDATE things SET t = t || '!' WHERE id != 'min'");
  await one.sync();
  await two.sync();
  const rows = "SELECT id, quote(r) AS r, quote(i) AS i, quote(b) AS b, hex(t) AS t, " +
    "printf('%!.20g', r) AS digits FROM things ORDER BY id";
  const here = a.rows<Record<string, string>>(rows);
  assertEquals(here, b.rows(rows));
  assertEquals(here, server.store.rows(rows));
  assertEquals(here.map(({ id, i, b }) => [id, i, b]), [
    ["max", "9223372036854775806", "X'00FF01'"],
    ["min", "-9223372036854775808", "X''"],
    ["null", "NULL", "X'01'"],
    ["odd", "9007199254740992", "X'0001'"],
  ]);
  assertEquals(
    here[0]!.digits,
    `${a.rows<{ d: string }>("SELECT printf('%!.20g', (0.1 + 0.2) * 3) AS d")[0]!.d}`,
  );
  assertEquals(here[3]!.t, "61006221");
});

Deno.test("an answer that is lost is no loss, and nothing is sent twice", async () => {
  using a = await database();
  using server = await StandIn.open(a);
  const mirror = await server.mirror(a);
  await mirror.sync();
  write(a, "n1", { title: "once" });
  server.after = (sql) => {
    if (!sql.includes("INTO erth_inbox")) return;
    server.after = () => {};
    throw OFFLINE;
  };
  await assertRejects(() => mirror.sync(), ErthError);
  assertEquals([pending(a).length, pushes(server)], [1, 1]);
  write(a, "n1", { body: "meanwhile" });
  await mirror.sync();
  assertEquals([pending(a), pushes(server)], [[], 2]);
  assertEquals(server.store.rows("SELECT title, body FROM notes"), [
    { title: "once", body: "meanwhile" },
  ]);
  // It knows its own batch again.
  assertEquals([a.rows("SELECT * FROM conflicts"), mirror.books.notices], [[], []]);
});

Deno.test("a refused row is found and set aside, and the rest goes on in large batches", async () => {
  using a = await database();
  using server = await StandIn.open(a);
  server.store.run(
    "CREATE TRIGGER guard BEFORE INSERT ON notes WHEN new.id = 'bad' " +
      "BEGIN SELECT raise(ABORT, 'No guests'); END",
  );
  const mirror = await server.mirror(a, { limits: { batch: 64 } });
  for (let n = 0; n < 20; n++) write(a, `n${n}`);
  write(a, "bad");
  for (let n = 0; n < 640; n++) write(a, `m${n}`);
  let tries = 0;
  server.before = (sql) => sql.includes("INTO erth_inbox") && tries++;
  await mirror.sync();
  assertEquals(Object.keys(titles(server.store)).length, 660);
  assertEquals([mirror.outbox.pending, mirror.outbox.aside.map(({ id }) => id)], [0, ["bad"]]);
  assert(tries < 30, `${tries} requests`);
});

Deno.test("a push that fails at once ends in an error, not in the end of the thread", async () => {
  using a = await database();
  using server = await StandIn.open(a);
  const mirror = await server.mirror(a);
  await mirror.sync();
  // Enough for the next batch to be made while this one is on its way.
  for (let n = 0; n < 600; n++) write(a, `n${n}`);
  server.before = (sql) => {
    if (sql.includes("INTO erth_inbox")) throw OFFLINE;
  };
  const unhandled: unknown[] = [];
  const hear = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    unhandled.push(event.reason);
  };
  addEventListener("unhandledrejection", hear);
  await assertRejects(() => mirror.sync(), ErthError);
  // The turn of the event loop in which an unhandled rejection would be told.
  await new Promise((resolve) => setTimeout(resolve, 0));
  removeEventListener("unhandledrejection", hear);
  assertEquals(unhandled, []);
  server.before = () => {};
  await mirror.sync();
  assertEquals([pending(a), Object.keys(titles(server.store)).length], [[], 600]);
});

Deno.test("a round that is called off stops between two steps, and nothing goes on behind it", async () => {
  using a = await database();
  using server = await StandIn.open(a);
  const mirror = await server.mirror(a, { limits: { batch: 10 } });
  await mirror.sync();
  for (let n = 0; n < 40; n++) write(a, `n${n}`);
  const ending = new AbortController();
  server.after = (sql) => {
    if (sql.includes("INTO erth_inbox")) ending.abort();
  };
  await assertRejects(() => mirror.sync(ending.signal), DOMException);
  assertEquals([pushes(server), mirror.outbox.pending], [1, 30]);
  await mirror.sync();
  assertEquals([pending(a), Object.keys(titles(server.store)).length], [[], 40]);
});

Deno.test("what is crossed out meanwhile is finished before a round ends", async () => {
  using a = await database();
  using server = await StandIn.open(a);
  const ending = new AbortController();
  const fault = (point: string) => {
    if (point === "push.accepted") ending.abort();
  };
  const mirror = await server.mirror(a, { limits: { batch: 600 }, fault });
  await mirror.sync();
  for (let n = 0; n < 1300; n++) write(a, `n${n}`);
  await assertRejects(() => mirror.sync(ending.signal), DOMException);
  assertEquals([mirror.books.position!.accepted, mirror.outbox.pending], [undefined, 700]);
});

Deno.test("a long fetch stops before the disk's reserve, and goes on once there is room", async () => {
  using a = await database();
  using b = await database();
  using server = await StandIn.open(a);
  const one = await server.mirror(a);
  for (let n = 0; n < 200; n++) write(a, `n${n}`);
  await one.sync();
  const rooms = [1e9, 1e9, 0];
  const room = () => Promise.resolve(rooms.shift() ?? 1e9);
  const two = await server.mirror(b, { limits: { page: 50 }, room });
  const error = await assertRejects(() => two.sync(), ErthError);
  assertEquals([error.code, Object.keys(titles(b)).length], ["STORE_FULL", 100]);
  await two.sync();
  assertEquals(Object.keys(titles(b)).length, 200);
  // What changes day by day comes, however little room there is.
  rooms.push(0);
  write(a, "new");
  await one.sync();
  await two.sync();
  assertEquals([Object.keys(titles(b)).length, rooms], [201, [0]]);
});
