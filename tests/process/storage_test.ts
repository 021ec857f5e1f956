import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { Erth, erth as command, poll, StartError } from "../harness.ts";
import { Disk, MAY_MOUNT } from "./sandbox.ts";
import { allNotes } from "./support.ts";

/** Room for what is unpacked, and for some notes. */
const ROOMY = "100m";
/** Room for the database library, not for the sidecar. */
const TIGHT = "20m";
const BODY = "x".repeat(300_000);

function storageTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !MAY_MOUNT, fn });
}

storageTest("a full disk refuses changes, loses nothing, and recovers", async () => {
  await using disk = await Disk.mount(ROOMY);
  const data = join(disk.path, "data");
  const titles: string[] = [];
  {
    await using erth = await Erth.start({ data });
    await erth.json("notes", { title: "Before" });
    const makeRoom = await disk.fill();
    const refused = await poll(async () => {
      const title = `While full ${titles.length}`;
      const body = new URLSearchParams({ title, body: BODY });
      const headers = { accept: "application/json" };
      const answer = await erth.fetch("notes", { method: "POST", body, headers });
      const { error } = await answer.json();
      // The log's file may have room for a few more.
      if (answer.ok) titles.push(title);
      return error !== undefined && { status: answer.status, code: error.code };
    });
    assertEquals(refused, { status: 507, code: "STORE_FULL" });
    const all = [...titles, "Before"];
    assertEquals((await allNotes(erth)).map(({ title }) => title).toSorted(), all.toSorted());
    await makeRoom();
    await erth.json("notes", { title: "After", body: BODY });
  }
  await using erth = await Erth.start({ data });
  const all = [...titles, "Before", "After"];
  assertEquals((await allNotes(erth)).map(({ title }) => title).toSorted(), all.toSorted());
});

storageTest("a start on a full disk says so, and recovers", async () => {
  await using disk = await Disk.mount(ROOMY);
  const data = join(disk.path, "data");
  const args = ["--json", "--data", data];
  await command(["note", "add", "Kept", ...args]);
  const makeRoom = await disk.fill();
  const full = await command(["note", "add", ...args], { stdin: BODY });
  assertEquals([full.code, JSON.parse(full.stdout).error.code], [5, "STORE_FULL"]);
  const doctor = await command(["doctor", ...args]);
  assertEquals(doctor.code, 5, doctor.stdout);
  await makeRoom();
  const listed = await command(["note", "list", ...args]);
  assertEquals(JSON.parse(listed.stdout).total, 1);
});

storageTest("a disk too full to unpack the sidecar says so, and recovers", async () => {
  await using disk = await Disk.mount(TIGHT);
  await using erth = await Erth.start({ data: join(disk.path, "data") });
  const broken = await poll(async () => {
    const { sidecar } = await erth.report();
    return sidecar.state === "broken" && sidecar;
  });
  assert(broken.cause?.includes("os error 28"), broken.cause);
  await assertRejects(() => erth.json("notes"), Error, "PAYLOAD_DISK");
  await disk.remount(`size=${ROOMY}`);
  await erth.json("shell/retry", {});
  await erth.json("notes", { title: "After" });
});

storageTest("a read-only data folder is refused with what to do", async () => {
  await using disk = await Disk.mount(ROOMY);
  const data = join(disk.path, "data");
  const args = ["--json", "--data", data];
  await command(["note", "add", "Kept", ...args]);
  await disk.remount("ro");
  const refused = await assertRejects(() => Erth.start({ data }), StartError);
  assertEquals([refused.code, refused.exit], ["STORE_READ_ONLY", 5]);
  for (const words of [["note", "list"], ["note", "add", "x"], ["ask", "x"]]) {
    const { code, stdout } = await command([...words, ...args]);
    assertEquals([code, JSON.parse(stdout).error.code], [5, "STORE_READ_ONLY"]);
  }
  const doctor = await command(["doctor", "--data", data]);
  assertEquals(doctor.code, 5);
  assert(doctor.stdout.includes("FAIL  Data folder: "), doctor.stdout);
  await disk.remount("rw");
  const listed = await command(["note", "list", ...args]);
  assertEquals(JSON.parse(listed.stdout).total, 1);
});

Deno.test("a data folder that can't be made is refused", async () => {
  const file = await Deno.makeTempFile();
  const refused = await assertRejects(() => Erth.start({ data: join(file, "data") }), StartError);
  assertEquals([refused.code, refused.exit], ["STORE_READ_ONLY", 5]);
  await Deno.remove(file);
});
