import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import type { Manifest } from "../../shell/payload/format.ts";
import { stamp } from "../../shell/payload/stamp.ts";
import { Erth, poll, ROOT } from "../harness.ts";

/** Read by the sidecar, and none the worse for another letter in one of its hints. */
const FILE = join("_internal", "erth_sidecar", "errors.json");

Deno.test("a changed file that looks untouched ends the sidecar, and is unpacked anew", async () => {
  const folder = await Deno.makeTempDir({ prefix: "recheck test " });
  const data = join(folder, "data");
  const cache = join(data, "cache");
  try {
    const sidecarFolder = () =>
      [...Deno.readDirSync(cache)].map(({ name }) => join(cache, name))
        .find((path) => /sidecar-[0-9a-f]{16}$/.test(path))!;
    {
      await using erth = await Erth.start({ data });
      await erth.json("notes", { title: "Kept" });
      await poll(() => Deno.stat(`${sidecarFolder()}.stamp`).then(() => true, () => false));
    }
    const path = join(sidecarFolder(), FILE);
    const whole = await Deno.readTextFile(path);
    const other = whole.replace("Try again", "Try azain");
    assert(other !== whole && other.length === whole.length);
    const { atime, mtime } = await Deno.stat(path);
    await Deno.writeTextFile(path, other);
    await Deno.utime(path, atime!, mtime!);
    // As if even the time that only the file system can set were as before.
    const source = join(ROOT, "build", "embed", "payloads", "sidecar.json");
    const manifest: Manifest = JSON.parse(await Deno.readTextFile(source));
    await stamp(manifest, sidecarFolder());

    await using erth = await Erth.start({ data });
    const first = await erth.sidecar();
    assertEquals(await Deno.readTextFile(path), other, "the start believed it");
    const second = await erth.sidecar(first);
    assert(second !== first);
    assertEquals(await Deno.readTextFile(path), whole);
    const { sidecar, log } = await erth.report();
    assertEquals(sidecar.restarts.length, 1);
    assert(sidecar.restarts[0]!.reason.includes("had changed on the disk"));
    assert(log.some((line) => line.includes("payload.changed")));
    assertEquals((await erth.json<{ total: number }>("notes")).total, 1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
