import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { pair, scenario } from "./computer.ts";

for (const now of [undefined, "1800000000000"]) {
  const clock = now ? ", with clocks that stand still" : "";
  scenario(
    `A folder copied to another computer: two devices from now on${clock}`,
    async (world) => {
      const [a, b] = [await world.computer("a"), await world.computer("b")];
      const copy = await world.computer("copy");
      for (const id of ["n1", "n2", "n3"]) a.write(id, { title: `${id} at first` });
      await a.sync({ now });
      await b.sync();
      a.write("waits", { title: "written before the copy" });
      copy.close();
      await a.copyTo(copy);
      await copy.open();
      assertEquals(copy.device, a.device);
      await a.mirror({ now });
      await copy.mirror({ now });
      a.write("n1", { title: "by a" });
      a.write("a1", { title: "by a" });
      a.delete("n3");
      copy.write("n1", { title: "by the copy" });
      copy.write("c1", { title: "by the copy" });
      copy.write("n2", { title: "by the copy" });
      await a.sync();
      await copy.sync();
      assertEquals([a.notices, copy.notices], [[], ["MIRROR_COPIED"]]);
      assertNotEquals(copy.device, a.device);
      await world.settle(a, b, copy);
      assertEquals(Object.keys(a.titles).sort(), ["a1", "c1", "n1", "n2", "waits"]);
      assertEquals(a.titles.n2, "by the copy");
      assertEquals([a.titles.n1, ...a.lost.map((text) => text.replace("n1 ", ""))].sort(), [
        "by a",
        "by the copy",
      ]);
      const { devices } = await (await a.mirror()).report();
      assertEquals(devices.length, 3);
      a.write("n2", { title: "by a, later" });
      copy.write("n2", { title: "by the copy, later" });
      await world.settle(a, b, copy);
      assertEquals(a.lost.filter((text) => text.startsWith("n2")).length, 1);
      assertEquals([a.notices, copy.notices], [[], ["MIRROR_COPIED"]]);
    },
  );
}

scenario("A folder restored from a backup: gets back what it had sent since", async (world) => {
  const [a, b] = await pair(world);
  const backup = await world.computer("backup");
  backup.close();
  a.write("waits", { title: "not sent when the backup was made" });
  await a.copyTo(backup);
  a.write("n1", { title: "since the backup" });
  a.write("waits", { title: "sent since" });
  a.write("a1", { title: "since the backup" });
  a.delete("n2");
  await world.settle(a, b);
  const device = a.device;
  await backup.open();
  a.close();
  await backup.copyTo(a);
  await a.open();
  backup.close();
  assertEquals([a.titles.n1, a.device], ["n1 at first", device]);
  a.write("n3", { title: "after the restore" });
  await a.sync();
  assertEquals(a.notices, ["MIRROR_COPIED"]);
  assertNotEquals(a.device, device);
  await world.settle(a, b);
  assertEquals(a.titles, {
    n1: "since the backup",
    n3: "after the restore",
    a1: "since the backup",
    waits: "sent since",
  });
  assert(a.lost.every((text) => text === "waits not sent when the backup was made"));
});

scenario("A copied folder that was away for too long: edits of both are kept", async (world) => {
  const [a, b] = await pair(world);
  const copy = await world.computer("copy");
  copy.close();
  await a.copyTo(copy);
  await copy.open();
  copy.write("n1", { title: "by the copy" });
  a.write("n1", { title: "by a" });
  for (let round = 0; round < 2; round++) {
    a.write("n2", { title: `${round}` });
    await world.settle(a, b);
    for (const computer of [a, b]) await (await computer.mirror()).report();
    await world.trim();
  }
  await copy.sync();
  assertEquals(copy.notices, ["MIRROR_AWAY"]);
  await world.settle(copy, a, b);
  assertEquals([a.titles.n1, ...a.lost.map((text) => text.replace("n1 ", ""))].sort(), [
    "by a",
    "by the copy",
  ]);
});
