import { assert, assertEquals, assertRejects } from "@std/assert";
import { pair, scenario, type World } from "./computer.ts";
import { codeOf } from "./remote_support.ts";

/** Drops all that is there, as somebody who clears the database by hand does. */
async function dropAll(world: World): Promise<void> {
  const sql = "SELECT type, name FROM sqlite_schema WHERE type IN ('view', 'table') AND " +
    "name NOT LIKE 'sqlite%' AND name NOT LIKE 'libsql%' ORDER BY type DESC";
  for (const { type, name } of await world.remote(sql)) {
    await world.remote(`DROP ${type} ${name}`);
  }
}

for (
  const [way, wipe] of [
    ["All tables dropped", dropAll],
    ["A new empty database", (world: World) => world.server.wipe()],
  ] as const
) {
  scenario(`${way}: everything is sent again, whoever comes first`, async (world) => {
    const [a, b] = await pair(world);
    a.delete("n3");
    await a.sync();
    a.write("a1", { title: "not sent yet" });
    b.write("b1", { title: "not sent yet" });
    b.write("n2", { title: "edited offline" });
    await wipe(world);
    await a.sync();
    assertEquals(a.notices, ["MIRROR_REMOTE_WIPED"]);
    assertEquals(a.count("notes"), 3);
    await world.isEqual(a);
    b.delete("n1");
    await b.sync();
    assertEquals(b.notices.length, 1);
    await world.settle(a, b);
    // What was deleted before and after stays deleted, though the remote forgot it.
    assertEquals(a.titles, {
      n2: "edited offline",
      a1: "not sent yet",
      b1: "not sent yet",
    });
    assertEquals(a.lost, []);
    const { head } = (await a.mirror()).books.position!;
    await world.settle(a, b);
    assertEquals((await a.mirror()).books.position!.head, head);
  });
}

scenario("Wiped twice, the second time while it is sent again", async (world) => {
  const [a, b] = await pair(world);
  await world.server.wipe();
  a.disconnect();
  const fault = (point: string) => {
    if (point === "attempt.synced") throw new Error("killed");
  };
  await a.sync({ fault }).catch(() => {});
  await world.server.wipe();
  a.disconnect();
  await b.sync();
  await world.settle(a, b);
  assertEquals(Object.keys(a.titles), ["n1", "n2", "n3"]);
});

scenario("Wiped, and all come at once", async (world) => {
  const [a, b] = await pair(world);
  a.write("a1", { title: "offline" });
  b.write("b1", { title: "offline" });
  await world.server.wipe();
  for (let round = 0; round < 3; round++) {
    // Who is kept waiting by the other's setting up comes again.
    await Promise.allSettled([a.sync(), b.sync()]);
  }
  await world.settle(a, b);
  assertEquals(Object.keys(a.titles), ["a1", "b1", "n1", "n2", "n3"]);
  assertEquals([...a.lost, ...b.lost], []);
});

scenario("Wiped, and a new device comes first: the others ask, and merge", async (world) => {
  const [a, b] = await pair(world);
  await world.server.wipe();
  const fresh = await world.computer("fresh");
  fresh.write("f1", { title: "new" });
  await fresh.sync();
  for (const computer of [a, b]) {
    assertEquals(await codeOf(computer.sync()), "MIRROR_REMOTE_SWAPPED");
    computer.disconnect();
    await computer.sync({ merge: true });
  }
  await world.settle(a, b, fresh);
  assertEquals(Object.keys(fresh.titles), ["f1", "n1", "n2", "n3"]);
  assertEquals(fresh.lost, []);
});

scenario("Restored from an older backup: nothing written since is lost", async (world) => {
  const [a, b] = await pair(world);
  const backup = await world.server.snapshot();
  a.write("n1", { title: "after the backup, by a" });
  a.write("a1", { title: "new" });
  a.delete("n3");
  await world.settle(a, b);
  b.write("n2", { title: "after the backup, by b" });
  await b.sync();
  await world.server.restore(backup);
  await a.sync();
  assertEquals(a.notices, ["MIRROR_REMOTE_ROLLED_BACK"]);
  assertEquals(a.titles, { n1: "after the backup, by a", n2: "n2 at first", a1: "new" });
  await b.sync();
  assertEquals(b.notices, ["MIRROR_REMOTE_ROLLED_BACK"]);
  await world.settle(a, b);
  assertEquals(a.titles, {
    n1: "after the backup, by a",
    n2: "after the backup, by b",
    a1: "new",
  });
  assertEquals(a.lost, []);
});

scenario("Restored, and another has written there before the others come", async (world) => {
  const [a, b] = await pair(world);
  const backup = await world.server.snapshot();
  a.write("n1", { title: "a, after the backup" });
  a.write("a1", { title: "a" });
  a.write("a2", { title: "a" });
  await a.sync();
  await world.server.restore(backup);
  // It knew no more than what the backup holds, so it notices nothing.
  b.write("n1", { title: "b, after the restore" });
  b.write("b1", { title: "b" });
  await b.sync();
  b.write("b2", { title: "b" });
  await b.sync();
  assertEquals(b.notices, []);
  await a.sync();
  assertEquals(a.notices, ["MIRROR_REMOTE_ROLLED_BACK"]);
  await world.settle(a, b);
  assertEquals(Object.keys(a.titles).sort(), ["a1", "a2", "b1", "b2", "n1", "n2", "n3"]);
  assertEquals([a.titles.n1, a.lost], ["b, after the restore", ["n1 a, after the backup"]]);
});

scenario(
  "Another Erth's database at the address: stops, until the person agrees",
  async (world) => {
    const [a] = await pair(world);
    const other = await world.server.fresh();
    const stranger = await world.computer("stranger", { url: other });
    stranger.write("n1", { title: "a stranger's" });
    stranger.write("s1", { title: "a stranger's" });
    await stranger.sync();
    const before = stranger.all();
    a.disconnect();
    a.url = other;
    a.write("a1", { title: "written offline" });
    for (let round = 0; round < 2; round++) {
      assertEquals(await codeOf(a.sync()), "MIRROR_REMOTE_SWAPPED");
    }
    a.write("a2", { title: "goes on" });
    await world.isEqual(stranger);
    assertEquals(stranger.all(), before);
    assertEquals(a.titles.s1, undefined);
    a.disconnect();
    await a.sync({ merge: true });
    await world.settle(a, stranger);
    assertEquals(Object.keys(a.titles).sort(), ["a1", "a2", "n1", "n2", "n3", "s1"]);
    assertEquals([a.titles.n1, ...a.lost].sort(), ["a stranger's", "n1 n1 at first"]);
    a.disconnect();
    await a.sync();
  },
  { namespaces: true },
);

scenario("Back to the first database after another: nothing is lost either", async (world) => {
  const [a, b] = await pair(world);
  const other = await world.server.fresh();
  a.disconnect();
  a.url = other;
  await a.sync({ merge: true });
  a.write("a1", { title: "there" });
  await a.sync();
  b.write("n2", { title: "here" });
  await b.sync();
  a.disconnect();
  a.url = world.server.url;
  await a.sync({ merge: true });
  await world.settle(a, b);
  assertEquals(b.titles, { n1: "n1 at first", n2: "here", n3: "n3 at first", a1: "there" });
}, { namespaces: true });

for (const way of ["a first load", "a fetch"]) {
  scenario(`Restored from a backup in the middle of ${way}`, async (world) => {
    const [a, b] = await pair(world);
    if (way === "a first load") b.disconnect();
    const late = way === "a first load" ? await world.computer("late") : b;
    const limits = { page: 5 };
    for (let n = 0; n < 20; n++) a.write(`a${n}`, { title: "a" });
    await a.sync();
    const backup = await world.server.snapshot();
    for (let n = 0; n < 20; n++) {
      a.write(`lost${n}`, { title: "written after the backup" });
      await a.sync();
    }
    const fault = (point: string) => {
      if (point === "page.applied" && late.count("notes") > 30) throw new Error("cut");
    };
    late.disconnect();
    await assertRejects(() => late.sync({ limits, fault }), Error, "cut");
    late.disconnect();
    await world.server.restore(backup);
    // Somebody who never saw what was lost writes more than that.
    const other = await world.computer("other");
    for (let n = 0; n < 30; n++) {
      other.write(`o${n}`, { title: "other" });
      await other.sync();
    }
    await late.sync({ limits });
    assertEquals(late.notices, ["MIRROR_REMOTE_ROLLED_BACK"]);
    await world.settle(late, other);
    assertEquals(Object.keys(other.titles).filter((id) => id.startsWith("o")).length, 30);
    assert(Object.keys(other.titles).some((id) => id.startsWith("lost")));
    await world.settle(a, late, other);
    assertEquals(a.count("notes"), 3 + 20 + 20 + 30);
  });
}
