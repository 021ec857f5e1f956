import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { Erth, erth, poll } from "../harness.ts";
import { Disk, MAY_MOUNT } from "./sandbox.ts";

const ROOMY = "100m";

/** What a person, or a system, may have made of the folder that parts are unpacked into. */
const FOLDERS: Record<string, { code: string; spoil: (cache: string) => Promise<void> }> = {
  "is a file": {
    code: "PAYLOAD_FOLDER",
    spoil: (cache) => Deno.writeTextFile(cache, ""),
  },
  "is a link to nowhere": {
    code: "PAYLOAD_FOLDER",
    spoil: (cache) => Deno.symlink("/nowhere/at all", cache),
  },
  "holds a file where a part's lock has to be": {
    code: "PAYLOAD_FOLDER",
    spoil: (cache) => lockTaken(cache),
  },
};

/** Whatever the part's version is: no lock can be made in a folder of the kernel's. */
async function lockTaken(cache: string): Promise<void> {
  await Deno.symlink("/proc/self", cache);
}

async function answerOf(data: string) {
  const { code, stdout, stderr } = await erth(["note", "list", "--json", "--data", data]);
  return { exit: code, code: JSON.parse(stdout).error?.code, stderr };
}

for (const [name, { code, spoil }] of Object.entries(FOLDERS)) {
  Deno.test(`a cache that ${name} is told with what to do`, async () => {
    const data = await Deno.makeTempDir();
    await spoil(join(data, "cache"));
    assertEquals(await answerOf(data), { exit: 6, code, stderr: "" });
    await Deno.remove(join(data, "cache"));
    assertEquals(await answerOf(data), { exit: 0, code: undefined, stderr: "" });
    await Deno.remove(data, { recursive: true });
  });
}

Deno.test({
  name: "a disk that may not run programs is told with what to do, and tried again",
  ignore: !MAY_MOUNT,
  fn: async () => {
    await using disk = await Disk.mount(ROOMY);
    const data = join(disk.path, "data");
    await disk.remount("noexec");
    // First the database library is refused; once there is a database, the sidecar.
    assertEquals(await answerOf(data), { exit: 6, code: "PAYLOAD_NOEXEC", stderr: "" });
    await disk.remount("exec");
    assertEquals(await answerOf(data), { exit: 0, code: undefined, stderr: "" });
    await disk.remount("noexec");
    assertEquals(await answerOf(data), { exit: 6, code: "PAYLOAD_NOEXEC", stderr: "" });
    const doctor = await erth(["doctor", "--data", data]);
    assert(doctor.stdout.includes("PAYLOAD_NOEXEC") || doctor.code === 6, doctor.stdout);

    await using running = await Erth.start({ data });
    const { cause } = await poll(async () => {
      const { sidecar } = await running.report();
      return sidecar.state === "broken" && sidecar;
    });
    assert(cause?.includes("Permission denied"), cause);
    await disk.remount("exec");
    await running.json("shell/retry", {});
    await running.json("notes");
  },
});

Deno.test({
  name: "a disk that can't be written to any more runs what lies there",
  ignore: !MAY_MOUNT,
  fn: async () => {
    await using disk = await Disk.mount(ROOMY);
    const data = await Deno.makeTempDir();
    await Deno.symlink(disk.path, join(data, "cache"));
    await disk.remount("ro");
    assertEquals(await answerOf(data), { exit: 6, code: "PAYLOAD_FOLDER", stderr: "" });
    await Deno.remove(data, { recursive: true });
  },
});
