import type { Batch } from "../remote/batch.ts";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { database, noPause, pending, stamps, write } from "../../tests/fixtures/database.ts";
import { ErthError } from "../../errors.ts";
import type { Attempt } from "./books.ts";
import { capture, RESENT } from "./capture.ts";
import { Outbox } from "./outbox.ts";
import { tickOf } from "./stamps.ts";
import type { Store } from "../store/store.ts";
import { readTables, type Table } from "../store/tables.ts";

/** What a batch carries, by table. */
type Body = Record<string, Record<"full" | "part" | "gone", unknown[][] | undefined> | undefined>;

interface Desk extends Disposable {
  store: Store;
  outbox: Outbox;
  tables: Table[];
  next(from?: number, most?: number): Batch | undefined;
}

async function desk(): Promise<Desk> {
  const store = await database();
  capture(store);
  const outbox = new Outbox(store);
  const tables = readTables(store);
  const next = (from?: number, most?: number) => outbox.next(tables, from, most);
  return { store, outbox, tables, next, [Symbol.dispose]: () => store.close() };
}

/** As the attempt that a batch becomes, whose answer is yes. */
function attempt({ upto, made, exact }: Batch): Attempt {
  return { id: "x", base: "0-", upto, made, exact };
}

function body(store: Store, { body }: Batch): Body {
  return JSON.parse(store.rows<{ b: string }>("SELECT json(?) AS b", body)[0]!.b);
}

/** Sends all that waits, to nobody. */
async function send({ outbox, next }: Desk): Promise<void> {
  for (let batch = next(); batch; batch = next()) await outbox.crossOut(attempt(batch), noPause);
}

function ids(body: Body): unknown[] {
  return (["full", "part", "gone"] as const).flatMap((kind) =>
    (body.notes?.[kind] ?? []).map(([id]) => id)
  ).toSorted();
}

Deno.test("new rows go whole, changed ones by their columns, deleted ones by their stamps", async () => {
  using at = await desk();
  const { store, next } = at;
  for (const id of ["a", "b"]) write(store, id, { title: id });
  await send(at);
  assertEquals([next(), pending(store)], [undefined, []]);
  write(store, "a", { title: "A", pinned: 1 });
  write(store, "c", { title: "C" });
  write(store, "c", { body: "more" });
  store.run("DELETE FROM notes WHERE id = 'b'");
  const batch = next()!;
  const { notes, tick, ...others } = body(store, batch);
  // No stamp in it is later.
  assertEquals(`${tick}`, `${tickOf(stamps(store, "b")!.deleted!)}`);
  assertEquals([others, batch.rows, batch.upto, batch.made, batch.exact], [{}, 3, 6, 6, true]);
  const { cells } = stamps(store, "a")!;
  assertEquals(notes!.part, [["a", { title: "A", pinned: 1 }, null, cells]]);
  assertEquals(notes!.gone, [["b", stamps(store, "b")!.deleted]]);
  const [[id, values, stamp, more]] = notes!.full as [
    [string, Record<string, unknown>, string, object],
  ];
  assertEquals([id, values.title, values.body, values.pinned], ["c", "C", "more", 0]);
  assertEquals({ stamp, cells: more, deleted: null }, stamps(store, "c"));
});

Deno.test("a batch ends after so many rows or bytes, and the next goes on from there", async () => {
  using at = await desk();
  const { store, next } = at;
  for (let n = 0; n < 5; n++) write(store, `n${n}`);
  const [first, second, third] = [next(0, 2)!, next(2, 2)!, next(4, 2)!];
  assertEquals([first, second, third].map(({ rows, upto, made }) => [rows, upto, made]), [
    [2, 2, 5],
    [2, 4, 5],
    [1, 5, 5],
  ]);
  assertEquals(ids(body(store, second)), ["n2", "n3"]);
  assertEquals(next(5, 2), undefined);
  store.run("DELETE FROM mirror_pending");
  for (let n = 0; n < 4; n++) write(store, `n${n}`, { body: "x".repeat(1_300_000) });
  write(store, "n4", { body: "x".repeat(4_000_000) });
  const cuts: unknown[] = [];
  for (let batch = next(); batch; batch = next(batch.upto)) cuts.push(ids(body(store, batch)));
  assertEquals(cuts, [["n0", "n1"], ["n2", "n3"], ["n4"]]);
});

Deno.test("a batch is made without reading all that waits", async () => {
  using at = await desk();
  for (let n = 0; n < 10; n++) write(at.store, `n${n}`);
  const asked: [sql: string, values: unknown[]][] = [];
  const rows = at.store.rows.bind(at.store);
  at.store.rows = <Row>(sql: string, ...values: unknown[]) => {
    asked.push([sql, values]);
    return rows<Row>(sql, ...values);
  };
  at.next(4, 2);
  assert(asked.length >= 4);
  for (const [sql, values] of asked) {
    for (const { detail } of rows<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...values)) {
      assert(
        !/\br\b.*PRIMARY KEY \(tbl=\?\)|SCAN (r|m|t|notes|mirror_rows)\b/.test(detail),
        detail,
      );
    }
  }
});

Deno.test("little goes as text, much as JSONB; both say the same", async () => {
  using at = await desk();
  const { store, next } = at;
  write(store, "a", { body: "é 猫" });
  const small = next()!;
  assertEquals(typeof small.body, "string");
  write(store, "b", { body: "x".repeat(30_000) });
  const large = next()!;
  assertInstanceOf(large.body, Uint8Array);
  assertEquals(body(store, large).notes!.full![0], body(store, small).notes!.full![0]);
});

const REFUSED = new ErthError("MIRROR_ROW_REFUSED", "No guests");

Deno.test("what is set aside doesn't wait, until it changes or is retried", async () => {
  using at = await desk();
  const { store, outbox, next } = at;
  for (const id of ["a", "b", "c"]) write(store, id);
  outbox.setAside(next(0, 1)!.first, REFUSED);
  assertEquals([outbox.pending, ids(body(store, next()!))], [2, ["b", "c"]]);
  const [{ at: _, ...aside }] = outbox.aside as [typeof outbox.aside[number]];
  const why = { code: "MIRROR_ROW_REFUSED", reason: "No guests" } as const;
  assertEquals(aside, { table: "notes", id: "a", direction: "push", ...why });
  write(store, "a", { title: "changed" });
  assertEquals([outbox.pending, ids(body(store, next()!))], [3, ["a", "b", "c"]]);
  outbox.setAside({ table: "notes", id: "a", version: 4 }, REFUSED);
  assertEquals(outbox.pending, 2);
  outbox.retryAside();
  assertEquals([outbox.pending, outbox.aside.length], [3, 0]);
  assertEquals(ids(body(store, next()!)), ["a", "b", "c"]);
  await send(at);
  assertEquals(pending(store), []);
});

Deno.test("a row that both sides refuse doesn't wait either", async () => {
  using at = await desk();
  write(at.store, "a");
  at.store.run(
    "INSERT INTO mirror_aside (tbl, id, direction, code, reason, at) " +
      "VALUES ('notes', 'a', 'pull', 'MIRROR_ROW_REFUSED', '', '')",
  );
  at.outbox.setAside(at.next()!.first, REFUSED);
  assertEquals([at.next(), at.outbox.aside.length], [undefined, 1]);
});

Deno.test("what went through at last isn't shown as set aside any more", async () => {
  using at = await desk();
  write(at.store, "a");
  at.outbox.setAside(at.next()!.first, REFUSED);
  write(at.store, "a", { title: "smaller" });
  assertEquals(at.outbox.aside.length, 1);
  await send(at);
  assertEquals([at.outbox.aside, pending(at.store)], [[], []]);
});

/** What waits after a batch was taken during which `meanwhile` happened. */
async function after(
  at: Desk,
  meanwhile: () => void,
  [from, most]: [number?, number?] = [],
): Promise<Record<string, unknown>> {
  const batch = at.next(from, most)!;
  meanwhile();
  await at.outbox.crossOut(attempt(batch), noPause);
  return Object.fromEntries(
    pending(at.store).map((row) => [
      row.id,
      row.grave !== null ? "gone" : row.born !== null ? "full" : Object.keys(row.versions),
    ]),
  );
}

Deno.test("what changes while its batch is under way waits on with just that change", async () => {
  using at = await desk();
  const { store } = at;
  for (const id of ["a", "b", "c", "d"]) write(store, id);
  const edit = (title: string) => write(store, "a", { title });
  assertEquals(await after(at, () => edit("1")), { a: ["title"] });
  assertEquals(
    await after(at, () => {
      write(store, "a", { body: "2" });
      store.run("DELETE FROM notes WHERE id = 'b'");
      write(store, "e");
    }),
    { a: ["body"], b: "gone", e: "full" },
  );
  assertEquals(await after(at, () => write(store, "b")), { b: "full" });
  // The same column once more: its newer text has to follow.
  edit("3");
  assertEquals(await after(at, () => edit("4")), { a: ["title"] });
  assertEquals(await after(at, () => {}), {});
});

Deno.test("a batch that held a part of what waits crosses out that part", async () => {
  using at = await desk();
  const { store } = at;
  for (const id of ["a", "b", "c", "d"]) write(store, id);
  // `a` was in it, `d` wasn't: whatever happens to it, all of it has yet to be sent.
  const left = await after(at, () => {
    write(store, "a", { title: "again" });
    write(store, "d", { title: "again" });
  }, [0, 2]);
  assertEquals(left, { a: ["title"], c: "full", d: "full" });
  assertEquals(await after(at, () => {}), {});
  write(store, "a", { title: "x" });
  write(store, "b", { title: "x" });
  write(store, "a", { body: "x" });
  // Only `b` is in it, as `a` came after it.
  const more = await after(at, () => write(store, "a", { tags: "[1]" }), [0, 1]);
  assertEquals(more, { a: ["title", "body", "tags"] });
});

Deno.test("a row set aside is never taken for sent", async () => {
  using at = await desk();
  const { store, outbox } = at;
  for (const id of ["a", "b"]) write(store, id);
  outbox.setAside(at.next(0, 1)!.first, REFUSED);
  assertEquals(await after(at, () => {}), { a: "full" });
  write(store, "b", { title: "1" });
  assertEquals(await after(at, () => write(store, "a", { title: "smaller" })), { a: "full" });
  outbox.setAside(at.next()!.first, REFUSED);
  write(store, "b", { title: "2" });
  // Somebody presses "Try again" while the answer to a batch without it is out.
  assertEquals(await after(at, () => outbox.retryAside()), { a: "full" });
  assertEquals(ids(body(store, at.next()!)), ["a"]);
});

Deno.test("much is crossed out bit by bit, with a pause in between", async () => {
  using at = await desk();
  const { store, outbox } = at;
  for (let n = 0; n < 1100; n++) write(store, `n${n}`);
  const left: number[] = [];
  await outbox.crossOut(attempt(at.next()!), () => {
    left.push(outbox.pending);
    return Promise.resolve();
  });
  assertEquals([left, outbox.pending], [[850, 600, 350, 100], 0]);
});

Deno.test("everything is sent once more, as what the remote may have already", async () => {
  using at = await desk();
  const { store, outbox } = at;
  for (const id of ["a", "b", "c"]) write(store, id);
  await send(at);
  store.run("DELETE FROM notes WHERE id = 'b'");
  await send(at);
  write(store, "c", { title: "new" });
  outbox.resendAll({ deletions: false });
  const rows = new Map(pending(store).map((row) => [row.id, row]));
  assertEquals([...rows.keys()].toSorted(), ["a", "c"]);
  assertEquals(rows.get("a")!.bases, { [RESENT]: 1 });
  // What is new in it is known as such.
  assertEquals(Object.keys(rows.get("c")!.versions), ["title"]);
  assert(RESENT in rows.get("c")!.bases && "title" in rows.get("c")!.bases);
  assertEquals(ids(body(store, at.next()!)).toSorted(), ["a", "c"]);
  outbox.resendAll({ deletions: true });
  const { notes } = body(store, at.next()!);
  assertEquals(notes!.gone, [["b", stamps(store, "b")!.deleted]]);
  await send(at);
  assertEquals(pending(store), []);
});
