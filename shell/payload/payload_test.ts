import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { ErthError } from "../../errors.ts";
import { payloadFixture as fixture } from "../../tests/fixtures/payload.ts";
import type { Manifest } from "./format.ts";
import { ensurePayload, type PayloadOptions } from "./payload.ts";
import { stamp } from "./stamp.ts";

async function refuses(options: PayloadOptions, code: string) {
  const error = await assertRejects(() => ensurePayload(options), ErthError);
  assertEquals(error.code, code, error.detail);
}

Deno.test("a payload is unpacked once, then only verified", async () => {
  await using at = await fixture();
  const seen: number[] = [];
  const first = await ensurePayload({ ...at.options, onProgress: (done) => seen.push(done) });
  const again = await ensurePayload(at.options);
  assertEquals([first.unpacked, again.unpacked], [true, false]);
  assertEquals(seen.at(-1), (9 << 20) + 15);
  assert(seen.length >= 3, "progress comes in steps");
  assertEquals(await Deno.readTextFile(join(first.folder, "deep", "er", "text")), "hello");
  assertEquals((await Deno.stat(join(first.folder, "zero"))).size, 0);
  const mode = (path: string) => Deno.statSync(join(first.folder, path)).mode! & 0o777;
  assertEquals(["", "deep/er", "run", "large.so"].map(mode), [0o700, 0o700, 0o700, 0o600]);
  first.release();
  again.release();
});

const DAMAGE: Record<string, (folder: string) => Promise<void>> = {
  "a byte changed, size and time kept": async (folder) => {
    const path = join(folder, "large.so");
    const { atime, mtime } = await Deno.stat(path);
    using file = await Deno.open(path, { write: true });
    await file.seek(5 << 20, Deno.SeekMode.Start);
    await file.write(new Uint8Array([1, 2, 3]));
    await Deno.utime(path, atime!, mtime!);
  },
  "a file cut short": (folder) => Deno.truncate(join(folder, "large.so"), 10),
  "a file gone": (folder) => Deno.remove(join(folder, "zero")),
  "a file added": (folder) => Deno.writeTextFile(join(folder, "deep", "evil.so"), ""),
  "a file turned into a link": async (folder) => {
    await Deno.rename(join(folder, "run"), `${folder}.elsewhere`);
    await Deno.symlink(`${folder}.elsewhere`, join(folder, "run"));
  },
  "no longer executable": (folder) => Deno.chmod(join(folder, "run"), 0o600),
};

for (const [name, damage] of Object.entries(DAMAGE)) {
  Deno.test(`a damaged copy is unpacked again: ${name}`, async () => {
    await using at = await fixture();
    const first = await ensurePayload(at.options);
    first.release();
    await damage(first.folder);
    const second = await ensurePayload(at.options);
    assertEquals([second.unpacked, second.folder], [true, first.folder]);
    const third = await ensurePayload(at.options);
    assertEquals(third.unpacked, false);
    await third.settled;
    second.release();
    third.release();
  });
}

Deno.test("no damage is believed away", async () => {
  // All at once, as each waits until a second is over.
  await Promise.all(
    Object.entries(DAMAGE).map(async ([name, damage]) => {
      await using at = await fixture();
      const options = { ...at.options, believing: true };
      const first = await ensurePayload(options);
      await first.settled;
      first.release();
      await damage(first.folder);
      const second = await ensurePayload(options);
      assertEquals([second.unpacked, second.believed], [true, false], name);
      await second.settled;
      second.release();
    }),
  );
});

Deno.test("what looks untouched is believed by those who may, from the second start on", async () => {
  await using at = await fixture();
  const options = { ...at.options, believing: true };
  for (const believed of [false, true]) {
    const payload = await ensurePayload(options);
    assertEquals(payload.believed, believed);
    await payload.settled;
    payload.release();
  }
  const strict = await ensurePayload(at.options);
  assertEquals([strict.unpacked, strict.believed], [false, false]);
  strict.release();
});

Deno.test("a stamp that fits no more is renewed once all is hashed", async () => {
  await using at = await fixture();
  const options = { ...at.options, believing: true };
  const first = await ensurePayload(options);
  await first.settled;
  first.release();
  await Deno.utime(join(first.folder, "run"), new Date(), new Date());
  for (const believed of [false, true]) {
    const payload = await ensurePayload(options);
    assertEquals([payload.unpacked, payload.believed], [false, believed]);
    await payload.settled;
    payload.release();
  }
});

Deno.test("a change that nothing tells of is found later, and unpacked over", async () => {
  await using at = await fixture();
  const options = { ...at.options, believing: true };
  const first = await ensurePayload(options);
  await first.settled;
  assertEquals(await first.recheck(), true);
  first.release();
  await DAMAGE["a byte changed, size and time kept"]!(first.folder);
  // As if the file system had kept even the time that only it can set.
  const source = join(at.options.source as string, "part.json");
  const manifest: Manifest = JSON.parse(await Deno.readTextFile(source));
  await stamp(manifest, first.folder);
  const second = await ensurePayload(options);
  assertEquals([second.unpacked, second.believed], [false, true]);
  assertEquals(await second.recheck(), false);
  second.release();
  const third = await ensurePayload(options);
  assertEquals([third.unpacked, await third.recheck()], [true, true]);
  await third.settled;
  third.release();
});

Deno.test("two first starts at once end with one whole copy", async () => {
  await using at = await fixture();
  const both = await Promise.all([ensurePayload(at.options), ensurePayload(at.options)]);
  assertEquals(both.map(({ unpacked }) => unpacked).sort(), [false, true]);
  assertEquals(both[0].folder, both[1].folder);
  both.forEach((payload) => payload.release());
});

Deno.test("what a kill half-way left is swept", async () => {
  await using at = await fixture();
  const left = join(at.options.cacheDir, "part.tmp-0b9a");
  await Deno.mkdir(left, { recursive: true });
  await Deno.writeTextFile(join(left, "large.so"), "half");
  const payload = await ensurePayload(at.options);
  assertEquals(at.names().filter((name) => name.includes("tmp")), []);
  await payload.settled;
  payload.release();
});

Deno.test("an archive with a flipped byte is refused and leaves nothing", async () => {
  await using at = await fixture();
  const path = join(at.options.source as string, "part.bin");
  const bytes = await Deno.readFile(path);
  bytes[bytes.length >> 1]! ^= 0x10;
  await Deno.writeFile(path, bytes);
  await refuses(at.options, "PAYLOAD_DAMAGED");
  assertEquals(at.names().filter((name) => /tmp|part-[0-9a-f]{16}$/.test(name)), []);
});

Deno.test("an archive that ends early, and no archive at all, are refused", async () => {
  await using at = await fixture();
  await Deno.truncate(join(at.options.source as string, "part.bin"), 100);
  await refuses(at.options, "PAYLOAD_DAMAGED");
  await Deno.remove(join(at.options.source as string, "part.json"));
  await refuses(at.options, "PAYLOAD_DAMAGED");
});

Deno.test("a cache that can't be made is told as such", async () => {
  await using at = await fixture();
  const file = join(at.root, "a file");
  await Deno.writeTextFile(file, "");
  await refuses({ ...at.options, cacheDir: join(file, "cache") }, "PAYLOAD_FOLDER");
  await refuses({ ...at.options, cacheDir: file }, "PAYLOAD_FOLDER");
});

Deno.test("an abort ends the unpacking and leaves nothing", async () => {
  await using at = await fixture();
  const ending = new AbortController();
  const { signal } = ending;
  const options = { ...at.options, signal, onProgress: () => ending.abort(new Error("enough")) };
  await assertRejects(() => ensurePayload(options), Error, "enough");
  assertEquals(at.names().filter((name) => /tmp|part-[0-9a-f]{16}$/.test(name)), []);
});

Deno.test("other versions are swept unless someone holds them", async () => {
  await using at = await fixture("old");
  await using other = await fixture("new");
  const old = await ensurePayload({ ...at.options, believing: true });
  // It has a stamp now, which has to go with it.
  await old.settled;
  const next = { ...other.options, cacheDir: at.options.cacheDir };
  const first = await ensurePayload(next);
  await first.settled;
  assert(at.names().includes(old.folder.split("/").at(-1)!), "the held one stays");
  old.release();
  const second = await ensurePayload(next);
  await second.settled;
  const version = first.folder.split("/").at(-1)!;
  const left = at.names().filter((name) => name.startsWith("part-"));
  assertEquals(left, [version, `${version}.use`]);
  first.release();
  second.release();
});
