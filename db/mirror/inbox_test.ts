import type { Page } from "../remote/answers.ts";
import type { Change } from "./changes.ts";
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { database, pending, stamps, write } from "../../tests/fixtures/database.ts";
import { capture } from "./capture.ts";
import { Inbox } from "./inbox.ts";
import type { Context } from "./reconcile.ts";
import type { Store } from "../store/store.ts";
import { readTables } from "../store/tables.ts";

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

/** A row of a page: `[table, id, stamp, cells, deleted, values]`. */
type Row = [string, string, string, Record<string, string>, string | null, object | null];

/** A stamp of another device, long after all that is written here. */
function later(n: number, device = "bbbbbbbb"): string {
  return `7${n.toString(16).padStart(15, "0")}-${device}`;
}

function note(id: string, values: Partial<typeof NOTE> = {}, stamp = later(1)): Row {
  return ["notes", id, stamp, {}, null, { ...NOTE, ...values }];
}

interface Desk extends Disposable {
  store: Store;
  apply(
    rows: Row[],
    more?: { large?: Page["large"]; pause?: () => void; saved?: () => void },
  ): Promise<Change[]>;
}

async function desk(): Promise<Desk> {
  const store = await database();
  capture(store);
  const inbox = new Inbox(store);
  const context: Context = {
    tables: readTables(store),
    device: store.rows<{ device: string }>("SELECT device FROM mirror_clock")[0]!.device,
    nameOf: (device) => ({ bbbbbbbb: "Bea's" })[device] ?? "mine",
    round: 7,
  };
  return {
    store,
    apply: (rows, { large = [], pause, saved = () => {} } = {}) => {
      const [page] = store.rows<{ rows: ArrayBuffer }>(
        "SELECT jsonb(?) AS rows",
        JSON.stringify(rows.map(
          ([table, id, stamp, cells, ...rest]) => [table, id, stamp, cells, ...rest],
        )),
      );
      const wait = () => Promise.resolve(pause?.());
      return inbox.apply({ rows: new Uint8Array(page!.rows), large }, context, wait, saved);
    },
    [Symbol.dispose]: () => store.close(),
  };
}

function titles(store: Store): Record<string, string> {
  const rows = store.rows<{ id: string; title: string }>("SELECT id, title FROM notes ORDER BY id");
  return Object.fromEntries(rows.map(({ id, title }) => [id, title]));
}

Deno.test("rows come in with their stamps, and aren't noted as changes of this device", async () => {
  using at = await desk();
  write(at.store, "gone");
  at.store.run("DELETE FROM mirror_pending");
  await at.apply([
    note("a", { title: "hers" }),
    ["notes", "b", later(2), { title: later(3) }, null, { ...NOTE, title: "later" }],
    ["notes", "gone", later(1), {}, later(4), null],
    ["notes", "never", later(1), {}, later(4), null],
  ]);
  assertEquals(titles(at.store), { a: "hers", b: "later" });
  assertEquals(pending(at.store), []);
  assertEquals(stamps(at.store, "a"), { stamp: later(1), cells: {}, deleted: null });
  assertEquals(stamps(at.store, "b"), {
    stamp: later(2),
    cells: { title: later(3) },
    deleted: null,
  });
  assertEquals(stamps(at.store, "gone")!.deleted, later(4));
  assertEquals(at.store.rows("SELECT DISTINCT round FROM mirror_rows"), [{ round: 7 }]);
  // What is written from now on is later than all of it.
  write(at.store, "a", { title: "mine" });
  assert(stamps(at.store, "a")!.cells.title! > later(4));
  assertEquals(pending(at.store).length, 1);
});

Deno.test("a page comes in bit by bit, and the place in it is saved with the last of it", async () => {
  using at = await desk();
  const rows = Array.from({ length: 250 }, (_, n) => note(`n${n}`, { title: "hers" }));
  const seen: number[] = [];
  const count = () => Object.keys(titles(at.store)).length;
  const saved: number[] = [];
  await at.apply(rows, {
    pause: () => {
      seen.push(count());
      // Somebody writes in the middle of it.
      if (seen.length === 1) write(at.store, "n249", { title: "mine" });
    },
    saved: () => saved.push(count()),
  });
  assert(seen.length >= 1 && seen[0] === 100, `${seen}`);
  assertEquals([saved, count()], [[250], 250]);
  // Made on both sides, it is merged: the text here is later than all that had come until then.
  assertEquals(titles(at.store).n249, "mine");
  assertEquals(at.store.rows("SELECT row_id, cells, device FROM conflicts"), [
    { row_id: "n249", cells: '{"title":"hers"}', device: "Bea's" },
  ]);
});

Deno.test("the place in a page is saved even if there is nothing in it", async () => {
  using at = await desk();
  let saved = 0;
  assertEquals(await at.apply([], { saved: () => saved++ }), []);
  assertEquals(saved, 1);
});

Deno.test("what fails half-way leaves nothing of its part, and the triggers awake", async () => {
  using at = await desk();
  const rows = Array.from({ length: 150 }, (_, n) => note(`n${n}`));
  const broken = at.apply(rows, {
    saved: () => {
      throw new Error("cut off");
    },
  });
  assertEquals(await broken.catch((error) => error.message), "cut off");
  assertEquals(Object.keys(titles(at.store)).length, 100);
  write(at.store, "mine");
  assertEquals(pending(at.store).map(({ id }) => id), ["mine"]);
});

Deno.test("a row that this database refuses is set aside, and the others come in", async () => {
  using at = await desk();
  const bad = note("bad", { tags: "no JSON" });
  let saved = 0;
  await at.apply([note("a"), bad, note("b"), ["notes", "c", later(1), {}, null, {
    ...NOTE,
    pinned: "x",
  }]], {
    saved: () => saved++,
  });
  assertEquals([Object.keys(titles(at.store)), saved], [["a", "b"], 1]);
  const aside = () =>
    at.store.rows<Record<string, string>>("SELECT id, direction, code, reason FROM mirror_aside");
  assertEquals(aside().map(({ id, direction, code }) => [id, direction, code]), [
    ["bad", "pull", "MIRROR_ROW_REFUSED"],
    ["c", "pull", "MIRROR_ROW_REFUSED"],
  ]);
  assert(aside()[0]!.reason!.includes("json_valid"), aside()[0]!.reason);
  await at.apply([note("bad", { tags: '["mended"]' })]);
  assertEquals(aside().map(({ id }) => id), ["c"]);
  assertEquals(Object.keys(titles(at.store)), ["a", "b", "bad"]);
});

Deno.test("a failure that isn't a row's fault isn't blamed on one", async () => {
  using at = await desk();
  at.store.run("PRAGMA max_page_count = 1");
  const error = await at.apply([note("a", { body: "x".repeat(1_000_000) })]).catch((error) =>
    error
  );
  assertEquals([error.code, at.store.rows("SELECT * FROM mirror_aside")], ["STORE_FULL", []]);
});

Deno.test("a large row comes in with its values sent apart; one deleted meanwhile doesn't", async () => {
  using at = await desk();
  const body = "x".repeat(50_000);
  const large = [{ table: "notes", id: "a", values: { ...NOTE, title: "long", body } }];
  await at.apply([["notes", "a", later(1), {}, null, null], [
    "notes",
    "b",
    later(1),
    {},
    null,
    null,
  ]], {
    large,
  });
  assertEquals(titles(at.store), { a: "long" });
  assertEquals(at.store.rows("SELECT length(body) AS n FROM notes"), [{ n: 50_000 }]);
  assertEquals(stamps(at.store, "b"), undefined);
});

Deno.test("pages are told whose news came", async () => {
  using at = await desk();
  const message = {
    thread_id: "t",
    role: "user",
    body: "",
    citations: "[]",
    engine: null,
    state: "done",
    created_at: AT,
    deleted_at: null,
    actions: "[]",
    stats: "{}",
  };
  const conflict = { of_table: "notes", row_id: "n", cells: "{}", device: "Bea's", created_at: AT };
  const rows: Row[] = [
    note("n"),
    ["threads", "t", later(1), {}, null, {
      title: "",
      created_at: AT,
      updated_at: AT,
      deleted_at: null,
      starred: 0,
      model: null,
      system: "",
      overflow: "ask",
    }],
    ["messages", "m1", later(1), {}, null, message],
    ["messages", "m2", later(1), {}, null, message],
    ["conflicts", "c", later(1), {}, null, conflict],
  ];
  const notes = { topic: "notes", id: "n" };
  const threads = { topic: "threads", id: "t" };
  assertEquals(await at.apply(rows), [notes, threads, threads, notes]);
  // Whose a deleted row was is known before it goes.
  assertEquals(await at.apply([["messages", "m1", later(1), {}, later(2), null]]), [threads]);
});

Deno.test("of a text edited on both sides the one that lost is kept once, on whichever device", async () => {
  const kept: unknown[] = [];
  for (const [mine, hers] of [["one", "two"], ["two", "one"]] as const) {
    using at = await desk();
    await at.apply([note("n", { title: "old" }, "0000000000000001-bbbbbbbb")]);
    write(at.store, "n", { title: mine });
    // `two` is later on both.
    const [{ device }] = at.store.rows<{ device: string }>("SELECT device FROM mirror_clock") as [
      { device: string },
    ];
    const stamp = mine === "two" ? "0000000000000002-bbbbbbbb" : later(2);
    const row: Row = ["notes", "n", "0000000000000001-bbbbbbbb", { title: stamp }, null, {
      ...NOTE,
      title: hers,
    }];
    await at.apply([row]);
    await at.apply([row]);
    assertEquals(titles(at.store).n, "two");
    const rows = at.store.rows<Record<string, string>>("SELECT * FROM conflicts");
    assertEquals(rows.map(({ of_table, row_id, cells }) => [of_table, row_id, cells]), [
      ["notes", "n", '{"title":"one"}'],
    ]);
    assertEquals(rows[0]!.device, mine === "one" ? "mine" : "Bea's");
    // It is sent to the others; the text only if it was ours that won.
    const waiting = pending(at.store).map(({ tbl }) => tbl).toSorted();
    assertEquals(waiting, mine === "two" ? ["conflicts", "notes"] : ["conflicts"]);
    assertNotEquals(device, "bbbbbbbb");
    kept.push(rows[0]!.id);
  }
  assertEquals(kept[0], kept[1]);
  assert(
    /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(`${kept[0]}`),
  );
});

Deno.test("a note put in the bin there and edited here is taken out of it, for all", async () => {
  using at = await desk();
  await at.apply([note("n", {}, "0000000000000001-bbbbbbbb")]);
  write(at.store, "n", { title: "mine" });
  const cells = { deleted_at: later(1) };
  await at.apply([["notes", "n", "0000000000000001-bbbbbbbb", cells, null, {
    ...NOTE,
    deleted_at: AT,
  }]]);
  assertEquals(at.store.rows("SELECT title, deleted_at FROM notes"), [{
    title: "mine",
    deleted_at: null,
  }]);
  const [row] = pending(at.store);
  assertEquals(Object.keys(row!.versions).toSorted(), ["deleted_at", "title"]);
  assert(stamps(at.store, "n")!.cells.deleted_at! > later(1));
});
