import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { payloadFixture } from "../../tests/fixtures/payload.ts";
import type { Manifest } from "./format.ts";
import { ensurePayload } from "./payload.ts";
import { isStamped } from "./stamp.ts";
import { survey } from "./verify.ts";

/** What other file systems say of the same file. */
const SYSTEMS: Record<string, (info: Deno.FileInfo) => Deno.FileInfo> = {
  "without a time of changes": (info) => ({ ...info, ctime: null }),
  "with 1970 for it": (info) => ({ ...info, ctime: new Date(0) }),
  "with the time of writing for it, as FAT": (info) => ({ ...info, ctime: info.mtime }),
  "without numbers of files": (info) => ({ ...info, ino: null }),
};

for (const [name, told] of Object.entries(SYSTEMS)) {
  Deno.test(`files on a system ${name} are never believed`, async () => {
    await using at = await payloadFixture();
    const payload = await ensurePayload({ ...at.options, believing: true });
    await payload.settled;
    payload.release();
    const source = join(at.options.source as string, "part.json");
    const manifest: Manifest = JSON.parse(await Deno.readTextFile(source));
    const here = await survey(manifest, payload.folder);
    assert(here?.marks !== undefined && await isStamped(payload.folder, here));
    const lstat: typeof Deno.lstat = async (path) => told(await Deno.lstat(path));
    const there = await survey(manifest, payload.folder, lstat);
    assertEquals([there !== undefined, there?.marks], [true, undefined]);
    assertEquals(await isStamped(payload.folder, there!), false);
  });
}
