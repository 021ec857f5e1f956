import { deadline } from "@std/async/deadline";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { membersOf, pack } from "../../tools/build/pack.ts";
import { Parts } from "./parts.ts";

/** A window's library that is none, packed, and the parts that are unpacked into a cache folder. */
async function inCache(run: (parts: Parts, cache: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "parts test " });
  const [files, packed, cache] = ["files", "packed", "cache"].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  await Deno.mkdir(files);
  await Deno.writeTextFile(join(files, "libwebview.so"), "a library's bytes");
  await pack("window", await membersOf(files), packed, join(root, "blocks"));
  const paths = { data: cache, cache, logs: cache, portable: false };
  const app = { name: "erth", title: "Erth", home: "notes" };
  const parts = new Parts({ paths, app }, packed);
  try {
    await run(parts, cache);
  } finally {
    parts.close();
    await Deno.remove(root, { recursive: true });
  }
}

/** Whether somebody else could delete the part: its lock is free. */
async function isFree(cache: string, name: string): Promise<boolean> {
  const lock = [...Deno.readDirSync(cache)].find((entry) =>
    entry.name.startsWith(`${name}-`) && entry.name.endsWith(".use")
  )!;
  const file = await Deno.open(`${cache}/${lock.name}`, { write: true });
  const locked = file.lock(true);
  const free = await deadline(locked, 100).then(() => true, () => false);
  void locked.finally(() => file.close());
  return free;
}

Deno.test({
  name: "a part that is doubted stays protected, and is put right when it is next asked for",
  // A lock that is waited for is had only when the part is let go of, at the end.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    inCache(async (parts, cache) => {
      const library = await parts.window();
      const whole = await Deno.readFile(library);
      parts.doubt();
      assertEquals(await isFree(cache, "window"), false);
      await Deno.writeFile(library, new Uint8Array(whole.length));
      assertEquals(await parts.window(), library);
      assertEquals(await Deno.readFile(library), whole);
      assertEquals(await isFree(cache, "window"), false);
      parts.close();
      assert(await isFree(cache, "window"));
    }),
});

Deno.test("a part that can't be put right stays protected, and is tried anew", () =>
  inCache(async (parts, cache) => {
    await parts.window();
    parts.doubt();
    await Deno.chmod(cache, 0o500);
    await Deno.rename(cache, `${cache}.away`);
    await Deno.writeTextFile(cache, "no folder");
    await assertRejects(() => parts.window());
    await Deno.remove(cache);
    await Deno.rename(`${cache}.away`, cache);
    await Deno.chmod(cache, 0o700);
    await Deno.stat(await parts.window());
  }));
