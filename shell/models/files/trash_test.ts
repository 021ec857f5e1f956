import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { ErthError } from "../../../errors.ts";
import { LineLog } from "../../../log.ts";
import { FakeClock } from "../../../tests/fixtures/fake_clock.ts";
import { poll } from "../../../tests/harness.ts";
import { Trash } from "./trash.ts";

// Nobody waits for the end of a deletion.
Deno.test("what is removed comes back for a minute", { sanitizeOps: false }, async () => {
  const folder = await Deno.makeTempDir();
  const clock = new FakeClock();
  const trash = new Trash({ folder, clock, log: new LineLog(() => {}) });
  const put = async (name: string) => {
    await Deno.writeTextFile(join(folder, name), name);
    const parts = [join(folder, name)];
    return { ref: `local/${name}`, name, path: parts[0]!, own: true, bytes: 1, parts, stamp: "" };
  };
  const names = () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  const inside = () => [...Deno.readDirSync(join(folder, ".removed"))].length;
  await trash.remove(await put("a.gguf"));
  assertEquals(names(), [".removed"]);
  await trash.restore("local/a.gguf");
  assertEquals(await Deno.readTextFile(join(folder, "a.gguf")), "a.gguf");
  await assertRejects(() => trash.restore("local/a.gguf"), ErthError);
  // Its place may have been taken meanwhile.
  await trash.remove(await put("a.gguf"));
  await put("a.gguf");
  const taken = await assertRejects(() => trash.restore("local/a.gguf"), ErthError);
  assertEquals(taken.code, "MODEL_EXISTS");
  // A start removes what an earlier run left, and nothing else.
  await Deno.writeTextFile(join(folder, ".removed", "old.gguf"), "");
  await trash.clean();
  assertEquals(inside(), 1);
  await clock.advance(60_000);
  await poll(() => inside() === 0);
  await assertRejects(() => trash.restore("local/a.gguf"), ErthError);
  assertEquals([names(), clock.pending], [[".removed", "a.gguf"], 0]);
  // Two of one name in a minute: each has its own.
  await trash.remove(await put("a.gguf"));
  await clock.advance(40_000);
  await trash.remove(await put("a.gguf"));
  await clock.advance(30_000);
  await trash.restore("local/a.gguf");
  assertEquals([names(), clock.pending], [[".removed", "a.gguf"], 0]);
  await poll(() => inside() === 0);
  await Deno.remove(folder, { recursive: true });
});
