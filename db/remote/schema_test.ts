import { assert, assertEquals, assertThrows } from "@std/assert";
import { database, THINGS } from "../../tests/fixtures/database.ts";
import { StandIn } from "../../tests/fixtures/stand_in.ts";
import { ErthError } from "../../errors.ts";
import type { Store } from "../store/store.ts";

const AT = "2026-01-01T00:00:00.000Z";
const NOTE = {
  title: "",
  body: "",
  tags: "[]",
  pinned: 0,
  created_at: AT,
  updated_at: AT,
  deleted_at: null,
};

interface Server extends Disposable {
  store: Store;
  head(): string;
  push(rows: unknown, base?: string, id?: string): void;
  books(): Record<string, unknown>[];
}

async function server(): Promise<Server> {
  using like = await database(THINGS);
  const standIn = await StandIn.open(like);
  const { store } = standIn;
  const head = () => store.rows<{ head: string }>("SELECT head FROM erth_head")[0]!.head;
  return {
    store,
    head,
    push: (rows, base = head(), id = "push") => {
      store.change(
        "INSERT INTO erth_inbox VALUES (?, ?, 'dev', ?)",
        id,
        base,
        JSON.stringify(rows),
      );
    },
    books: () =>
      store.rows("SELECT tbl, id, seq, stamp, cells, deleted FROM erth_rows ORDER BY seq, n"),
    [Symbol.dispose]: () => standIn[Symbol.dispose](),
  };
}

function stamp(n: number): string {
  return `${n.toString(16).padStart(16, "0")}-dev`;
}

/** A note as a push carries it. */
function full(id: string, values: Record<string, unknown> = {}, n = 1) {
  return [id, { ...NOTE, ...values }, stamp(n), {}];
}

Deno.test("a push is taken only upon the newest batch", async () => {
  using at = await server();
  assertEquals(at.head(), "0-");
  at.push({ notes: { full: [full("a")] } }, "0-", "one");
  assertEquals(at.head(), "1-one");
  // Of the same number, but another one: what a rolled back remote would be asked.
  for (const base of ["0-", "1-other", "2-one", "1-", ""]) {
    const error = assertThrows(() => at.push({ notes: { full: [full("b")] } }, base), ErthError);
    assert(error.detail.endsWith("stale"), error.detail);
  }
  assertEquals([at.head(), at.books().length], ["1-one", 1]);
  at.push({}, "1-one", "two");
  assertEquals(at.head(), "2-two");
});

Deno.test("a push is taken whole or not at all", async () => {
  using at = await server();
  at.push({ notes: { full: [full("a", { title: "kept" })] } });
  const before = [at.head(), at.books(), at.store.rows("SELECT * FROM notes")];
  const poison = {
    notes: {
      full: [full("b")],
      part: [["a", { title: "changed" }, null, { title: stamp(2) }]],
      gone: [["a", stamp(2)]],
    },
    things: { full: [["t", { i: "no number" }, stamp(2), {}]] },
  };
  const error = assertThrows(() => at.push(poison), ErthError);
  assert(error.detail.includes("cannot store TEXT value"), error.detail);
  assertEquals([at.head(), at.books(), at.store.rows("SELECT * FROM notes")], before);
  // Its watch over plain SQL goes on.
  at.store.run("UPDATE notes SET title = 'by hand'");
  assertEquals(at.books().map(({ seq }) => seq), [2]);
});

Deno.test("a part changes its own columns; others, and other rows, stay", async () => {
  using at = await server();
  const all = ["a", "b", "c"].map((id) => full(id, { title: id, body: id, deleted_at: "x" }));
  at.push({ notes: { full: all } });
  const cells = { body: stamp(2), deleted_at: stamp(2) };
  const parts = [["a", { body: "B", deleted_at: null }, null, cells], [
    "never",
    { body: "B" },
    null,
    cells,
  ]];
  at.push({ notes: { part: parts, gone: [["b", stamp(3)], ["never-either", stamp(3)]] } });
  assertEquals(at.store.rows("SELECT id, title, body, deleted_at FROM notes ORDER BY id"), [
    { id: "a", title: "a", body: "B", deleted_at: null },
    { id: "c", title: "c", body: "c", deleted_at: "x" },
  ]);
  const [c, a, b] = at.books();
  assertEquals([c!.id, c!.seq], ["c", 1]);
  assertEquals([a!.id, a!.seq, a!.stamp, JSON.parse(`${a!.cells}`)], ["a", 2, stamp(1), cells]);
  assertEquals([b!.id, b!.seq, b!.deleted], ["b", 2, stamp(3)]);
  at.push({ notes: { full: [full("b", { title: "again" }, 4)] } });
  const again = at.books().at(-1)!;
  assertEquals([again.id, again.stamp, again.cells, again.deleted], ["b", stamp(4), "{}", null]);
});

Deno.test("what others write by plain SQL is recorded, later than what it replaces", async () => {
  using at = await server();
  // From a clock that is ahead.
  const tick = BigInt(Date.now() + 30_000) << 16n;
  const ahead = `${tick.toString(16).padStart(16, "0")}-dev`;
  at.push({ tick: `${tick}`, notes: { full: [["a", NOTE, ahead, {}], full("b")] } });
  at.store.run("UPDATE notes SET title = 'by hand', body = ''");
  const rows = new Map(at.books().map((row) => [row.id, row]));
  for (const [id, before] of [["a", ahead], ["b", stamp(1)]] as const) {
    const cells = JSON.parse(`${rows.get(id)!.cells}`);
    assertEquals(Object.keys(cells), ["title"]);
    assert(cells.title > before, `${cells.title} > ${before}`);
    assertEquals(rows.get(id)!.stamp, before);
  }
  assertEquals([...rows.values()].map(({ seq }) => seq), [2, 3]);
  at.store.run("DELETE FROM notes WHERE id = 'a'");
  const gone = at.books().at(-1)!;
  assert(`${gone.deleted}` > ahead);
  at.store.run(
    `INSERT INTO notes (id, created_at, updated_at) VALUES ('a', '', ''), ('new', '', '')`,
  );
  const [a, fresh] = at.books().slice(-2);
  assertEquals([a!.id, a!.cells, a!.deleted, fresh!.id, fresh!.seq], ["a", "{}", null, "new", 6]);
  assert(`${a!.stamp}` > `${gone.deleted}`);
  const writers = at.store.rows<{ device: string }>(
    "SELECT device FROM erth_batches WHERE seq > 1",
  );
  assertEquals(writers.map(({ device }) => device), Array(5).fill("sql"));
  // What a device knew before that is old now.
  assertThrows(() => at.push({}, "1-push"), ErthError);
});

Deno.test("a push doesn't read more than it touches", async () => {
  using at = await server();
  const many = Array.from({ length: 3000 }, (_, n) => full(`n${n}`));
  at.push({ notes: { full: many } });
  const steps = at.store.rows<{ sql: string }>(
    "SELECT sql FROM sqlite_schema WHERE name = 'erth_apply'",
  )[0]!.sql.split(/BEGIN|;\n|; END/).slice(1).map((step) => step.trim()).filter((step) =>
    /^(INSERT|UPDATE|DELETE)/.test(step)
  );
  assert(steps.length > 10);
  for (const step of steps) {
    const sql = step.replaceAll(/new\.(\w+)/g, "'{}'");
    const plan = at.store.rows<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`);
    for (const { detail } of plan) {
      assert(
        !/^SCAN (notes|threads|messages|conflicts|things|erth_rows|r)\b/.test(detail),
        `${detail}: ${sql}`,
      );
      assert(!/\(tbl=\?\)/.test(detail), `${detail}: ${sql}`);
    }
  }
});
