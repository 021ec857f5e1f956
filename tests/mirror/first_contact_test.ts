import { assert, assertEquals } from "@std/assert";
import { capture, enterOldRows } from "../../db/mirror/capture.ts";
import { type Computer, cutAfter, scenario } from "./computer.ts";
import { codeOf } from "./remote_support.ts";

/** Notes that were written before any mirror was thought of. */
function fill(computer: Computer, count: number): void {
  computer.store.change(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) " +
      "INSERT INTO notes (id, title, created_at, updated_at) SELECT printf('n%06d', i), " +
      "'old ' || i, '2020-01-01T00:00:00.000Z', '2020-01-02T00:00:00.000Z' FROM n",
    count,
  );
}

scenario("Both empty: only tables are made, and what is written later travels", async (world) => {
  const [a, b] = [await world.computer("a"), await world.computer("b")];
  await a.sync();
  assertEquals(await world.remote("SELECT count(*) AS n FROM notes"), [{ n: 0 }]);
  assertEquals(await world.remote("SELECT count(*) AS n FROM erth_batches"), [{ n: 0 }]);
  await b.sync();
  a.write("n1", { title: "first" });
  await a.sync();
  await b.sync();
  assertEquals(b.titles, { n1: "first" });
  await world.isEqual(a, b);
  assertEquals([...a.notices, ...b.notices], []);
});

scenario(
  "Full here, empty there: rows older than the triggers are sent, each once",
  async (world) => {
    const [a, b] = [await world.computer("a"), await world.computer("b")];
    await b.sync();
    await world.countWrites();
    fill(a, 1_300);
    a.store.run(
      "INSERT INTO threads (id, title, created_at, updated_at, deleted_at) VALUES ('t', 'talk', '2020', '2020', NULL)",
    );
    a.store.run(
      "INSERT INTO messages (id, thread_id, role, body, created_at) " +
        "VALUES ('m', 't', 'user', 'Hello', '2020')",
    );
    await a.sync();
    const counts = "SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM spy";
    assertEquals(await world.remote(counts), [{ rows: 1_300, ids: 1_300 }]);
    await world.isEqual(a);
    const head = (await a.mirror()).books.position!.head;
    a.disconnect();
    await a.sync();
    assertEquals((await a.mirror()).books.position!.head, head);
    await b.sync();
    await world.isEqual(a, b);
    assertEquals(b.count("messages"), 1);
  },
);

scenario(
  "Old rows: cut off while they are entered and sent, and changed meanwhile",
  async (world) => {
    const [a, b] = [await world.computer("a"), await world.computer("b")];
    await b.sync();
    await world.countWrites();
    fill(a, 1_300);
    capture(a.store);
    let chunks = 0;
    const cut = () => ++chunks < 2 ? Promise.resolve() : Promise.reject(new Error("cut"));
    await enterOldRows(a.store, cut).catch(() => {});
    const entered = a.count("mirror_pending");
    assert(entered > 0 && entered < 1_300, `${entered}`);
    a.write("n000001", { title: "changed, entered already" });
    a.write("n001300", { title: "changed before" });
    a.delete("n000002");
    a.delete("n001299");
    a.write("new");
    let batches = 0;
    const limits = { batch: 200 };
    const fault = (point: string) => {
      if (point === "push.accepted" && ++batches === 3) throw new Error("killed");
    };
    await a.sync({ limits, fault }).catch(() => {});
    const [sent] = await world.remote("SELECT count(*) AS n FROM spy");
    assert(Number(sent!.n) > 0 && Number(sent!.n) < 1_299, `${sent!.n}`);
    a.disconnect();
    await a.sync({ limits });
    const counts = "SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM spy";
    assertEquals(await world.remote(counts), [{ rows: 1_299, ids: 1_299 }]);
    await b.sync();
    await world.isEqual(a, b);
    assertEquals(b.note("n001300")?.title, "changed before");
    assertEquals([b.note("n000002"), b.note("n001299")], [undefined, undefined]);
  },
);

scenario("Empty here, full there: pages, with progress, usable while it loads", async (world) => {
  const [a, b] = [await world.computer("a"), await world.computer("b")];
  fill(a, 500);
  await a.sync();
  const seen: [number, number][] = [];
  const told = new Set<string>();
  const onProgress = (done: number, total: number) => {
    seen.push([done, total]);
    if (done >= total) return;
    const here = b.count("notes");
    assert(here >= done && here <= done + seen.length, `${here} notes of ${done} fetched`);
    b.write(`meanwhile ${seen.length}`);
    // One that is here already, and one that is still to come.
    if (seen.length === 2) b.write("n000001", { title: "mine" });
    if (seen.length === 3) b.write("n000499", { title: "written before it came" });
  };
  const onChanged = (changes: { id?: string }[]) => changes.forEach(({ id }) => told.add(id!));
  await b.sync({ limits: { page: 50 }, onProgress, onChanged });
  assert(seen.length >= 10, `${seen.length} pages`);
  assertEquals(seen.map(([, total]) => total), seen.map(() => 500));
  assertEquals(seen.at(-1), [500, 500]);
  assert(told.has("n000123"));
  await world.settle(a, b);
  assertEquals(a.note("n000001")?.title, "mine");
  assertEquals(a.titles["meanwhile 1"], "");
  assertEquals([a.note("n000499")?.title, ...a.lost], [
    "written before it came",
    "n000499 old 499",
  ]);
});

scenario("A first load that is cut off goes on where it stopped", async (world) => {
  const [a, b] = [await world.computer("a"), await world.computer("b")];
  fill(a, 500);
  await a.sync();
  const limits = { page: 50 };
  assertEquals(await codeOf(b.sync({ limits, fetch: cutAfter(12) })), "MIRROR_OFFLINE");
  const loaded = b.count("notes");
  assert(loaded > 0 && loaded < 500, `${loaded}`);
  b.write("n000400", { title: "offline" });
  b.disconnect();
  let fetched = 0;
  const fault = (point: string) => void (point === "page.fetched" && fetched++);
  await b.sync({ limits, fault });
  assert(fetched <= (500 - loaded) / 50 + 2, `${fetched} pages after ${loaded} rows`);
  await world.settle(a, b);
  assertEquals(a.titles.n000400, "offline");
});

scenario("Both full: merged, nothing lost, differing texts kept", async (world) => {
  const [a, b] = [await world.computer("a"), await world.computer("b")];
  fill(a, 30);
  fill(b, 30);
  a.write("same", { title: "ours", body: "A's text" });
  b.write("same", { title: "ours", body: "B's text" });
  a.write("both", { title: "A's" });
  b.write("both", { title: "B's" });
  a.write("only a", { title: "a" });
  b.write("only b", { title: "b" });
  await a.sync();
  await b.sync();
  await world.settle(a, b);
  assertEquals(Object.keys(a.titles).length, 34);
  assertEquals([a.titles["only a"], a.titles["only b"]], ["a", "b"]);
  // Which of two texts wins is a matter of milliseconds.
  const kept = a.store.rows<{ row_id: string; cells: string; device: string }>(
    "SELECT row_id, cells, device FROM conflicts ORDER BY row_id",
  );
  // Thirty notes are the same on both sides, and need no word.
  assertEquals(kept.map(({ row_id }) => row_id), ["both", "same"]);
  const [both, same] = kept.map(({ cells, device }) => ({ ...JSON.parse(cells), device }));
  const other = (device: string) => device === "a" ? "B" : "A";
  assertEquals(both, { title: `${both.device.toUpperCase()}'s`, device: both.device });
  assertEquals(a.titles.both, `${other(both.device)}'s`);
  assertEquals(same, { body: `${same.device.toUpperCase()}'s text`, device: same.device });
  assertEquals(a.note("same")!.body, `${other(same.device)}'s text`);
});
