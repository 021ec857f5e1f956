import { assert, assertEquals, assertRejects } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { ErthError } from "../../errors.ts";
import { payloadFixture } from "../../tests/fixtures/payload.ts";
import { ensurePayload, type PayloadOptions } from "./payload.ts";

const UNPACKER = fromFileUrl(new URL("../../tests/fixtures/unpacker.ts", import.meta.url));

function unpacker({ source, cacheDir }: PayloadOptions, ...more: string[]) {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", UNPACKER, source as string, cacheDir, ...more],
    stdout: "piped",
  }).spawn();
}

Deno.test("a kill half-way costs nothing: the next start unpacks and sweeps", async () => {
  await using at = await payloadFixture();
  const child = unpacker(at.options, "hang");
  const reader = child.stdout.getReader();
  await reader.read();
  child.kill("SIGKILL");
  await child.status;
  await reader.cancel();
  assert(at.names().some((name) => name.includes("tmp")), "the kill came in the middle");
  const payload = await ensurePayload(at.options);
  assertEquals(payload.unpacked, true);
  assertEquals(at.names().filter((name) => name.includes("tmp")), []);
  payload.release();
});

Deno.test("two processes at once: one unpacks, the other finds", async () => {
  await using at = await payloadFixture();
  const outputs = await Promise.all([0, 1].map(() => unpacker(at.options).output()));
  const words = outputs.map(({ stdout }) =>
    new TextDecoder().decode(stdout).trim().split("\n").at(-1)
  );
  assertEquals(words.sort(), ["found", "unpacked"]);
});

Deno.test({
  name: "a full disk is told, and nothing is left on it",
  // A small file system of its own can only be had by root.
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0,
  fn: async () => {
    await using at = await payloadFixture();
    const disk = join(at.root, "disk");
    await Deno.mkdir(disk);
    await mount("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk);
    try {
      const options = { ...at.options, cacheDir: join(disk, "cache") };
      const error = await assertRejects(() => ensurePayload(options), ErthError);
      assertEquals(error.code, "PAYLOAD_DISK");
      const left = [...Deno.readDirSync(options.cacheDir)].filter(({ isDirectory }) => isDirectory);
      assertEquals(left, []);
    } finally {
      await mount("umount", disk);
    }
  },
});

async function mount(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args }).output();
  assert(success, new TextDecoder().decode(stderr));
}
