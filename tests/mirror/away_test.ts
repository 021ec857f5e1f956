import { assert, assertEquals } from "@std/assert";
import { Remote } from "../../db/remote/remote.ts";
import { type Computer, cutAfter, scenario, type World } from "./computer.ts";
import { codeOf } from "./remote_support.ts";

/** Has everybody who is here say how far they are, and throws away what they all have passed. */
async function trim(world: World, ...computers: Computer[]): Promise<void> {
  for (const computer of computers) {
    await computer.sync();
    await (await computer.mirror()).report();
  }
  await world.trim();
}

/** Lets the remote believe that a device wasn't heard of since long ago. */
async function forgetTime(world: World, computer: Computer): Promise<void> {
  const sql = "UPDATE erth_devices SET seen = '2020-01-01T00:00:00.000Z' WHERE id = ?";
  await world.remote(sql, [computer.device]);
}

/** Three computers that share `count` notes, the last of which isn't heard of any more. */
async function three(world: World, count: number): Promise<[Computer, Computer, Computer]> {
  const [a, b] = [await world.computer("a"), await world.computer("b")];
  const away = await world.computer("away");
  for (let n = 1; n <= count; n++) a.write(`n${n}`, { title: "at first" });
  await world.settle(a, b, away);
  await (await away.mirror()).report();
  away.disconnect();
  return [a, b, away];
}

const BOOKS = "SELECT (SELECT count(*) FROM erth_rows WHERE deleted IS NOT NULL) AS tombstones, " +
  "(SELECT count(*) FROM erth_batches) AS batches";

scenario("Tombstones and batches stay until every device has passed them", async (world) => {
  const [a, b, away] = await three(world, 4);
  a.delete("n1");
  await a.sync();
  for (let n = 0; n < 5; n++) {
    b.write("n2", { title: `${n}` });
    await b.sync();
  }
  await trim(world, a, b);
  const [before] = await world.remote(BOOKS);
  assertEquals(before!.tombstones, 1);
  assert(Number(before!.batches) >= 7);
  await trim(world, away, a, b);
  assertEquals(await world.remote(BOOKS), [{ tombstones: 0, batches: 1 }]);
  await world.settle(a, b, away);
  assertEquals([...a.notices, ...b.notices, ...away.notices], []);
  a.write("n3", { title: "goes on" });
  await world.settle(a, b, away);
});

scenario(
  "Away for too long: starts afresh and keeps what it hadn't sent",
  async (world) => {
    const [a, b, away] = await three(world, 120);
    a.delete("n1");
    a.delete("n2");
    a.delete("n3");
    a.write("n4", { title: "meanwhile" });
    a.write("n5", { title: "meanwhile" });
    a.write("a1", { title: "meanwhile" });
    await forgetTime(world, away);
    await trim(world, a, b);
    b.write("n8", { title: "meanwhile" });
    await trim(world, b, a);
    assertEquals(await world.remote(BOOKS), [{ tombstones: 0, batches: 1 }]);
    away.write("c1", { title: "offline" });
    away.write("n2", { title: "edited offline, deleted elsewhere" });
    away.write("n5", { title: "edited offline" });
    away.write("n6", { body: "edited offline" });
    away.delete("n3");
    away.delete("n7");
    const limits = { page: 20 };
    assertEquals(await codeOf(away.sync({ limits, fetch: cutAfter(8) })), "MIRROR_OFFLINE");
    away.disconnect();
    await away.sync({ limits });
    assertEquals(away.notices, ["MIRROR_AWAY"]);
    assertEquals([away.note("n1"), away.note("n3"), away.note("n7")], [
      undefined,
      undefined,
      undefined,
    ]);
    assertEquals([away.titles.n4, away.titles.a1], ["meanwhile", "meanwhile"]);
    await world.settle(away, a, b);
    assertEquals([a.titles.c1, a.titles.n2], ["offline", "edited offline, deleted elsewhere"]);
    assertEquals([a.titles.n5, a.lost], ["edited offline", ["n5 meanwhile"]]);
    assertEquals([a.note("n6")?.body, a.note("n6")?.title], ["edited offline", "at first"]);
    assertEquals(a.count("notes"), 119);
    away.disconnect();
    await away.sync();
    assertEquals(away.notices, ["MIRROR_AWAY"]);
  },
);

scenario("A first load that goes on after a long time knows of what was deleted", async (world) => {
  const a = await world.computer("a");
  for (let n = 1; n <= 100; n++) a.write(`n${n}`);
  await a.sync();
  const b = await world.computer("b");
  const limits = { page: 20 };
  assertEquals(await codeOf(b.sync({ limits, fetch: cutAfter(8) })), "MIRROR_OFFLINE");
  assert(b.note("n1") && !b.note("n99"), `${b.count("notes")} notes`);
  b.write("b1");
  b.disconnect();
  a.delete("n1");
  await a.sync();
  await forgetTime(world, b);
  await trim(world, a);
  a.write("n2", { title: "on" });
  await trim(world, a);
  assertEquals((await world.remote(BOOKS))[0]!.tombstones, 0);
  await b.sync({ limits });
  assertEquals(b.note("n1"), undefined);
  await world.settle(a, b);
});

scenario("Devices are listed with how far behind they are", async (world) => {
  const [a, b, away] = await three(world, 1);
  for (let n = 0; n < 3; n++) {
    a.write("n1", { title: `${n}` });
    await a.sync();
  }
  await b.sync();
  await (await b.mirror()).report();
  const { devices } = await (await a.mirror()).report();
  const listed = devices.map(({ name, behind }) => [name, behind]).sort();
  assertEquals(listed, [["a", 0], ["away", 3], ["b", 0]]);
  assertEquals(new Set(devices.map(({ id }) => id)), new Set([a.device, b.device, away.device]));
  for (const { seen } of devices) assert(Math.abs(Date.parse(seen) - Date.now()) < 60_000, seen);
  await away.sync();
  assertEquals(away.titles, { n1: "2" });
});

scenario("A forgotten device holds nothing back, and may come again", async (world) => {
  const [a, b, away] = await three(world, 3);
  const remote = new Remote({ url: world.server.url, token: "" });
  await remote.forget(away.device);
  remote.close();
  a.delete("n1");
  await trim(world, a, b);
  b.write("n2", { title: "b" });
  await trim(world, b, a);
  assertEquals((await world.remote(BOOKS))[0]!.tombstones, 0);
  const names = async () => (await (await a.mirror()).report()).devices.map(({ name }) => name);
  assertEquals((await names()).sort(), ["a", "b"]);
  away.write("c1", { title: "still here" });
  await away.sync();
  assertEquals((await names()).sort(), ["a", "away", "b"]);
  assertEquals(away.notices, ["MIRROR_AWAY"]);
  await world.settle(away, a, b);
  assertEquals(Object.keys(b.titles).sort(), ["c1", "n2", "n3"]);
});
