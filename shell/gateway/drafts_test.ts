import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { type Draft, Drafts } from "./drafts.ts";

const DRAFT: Draft = {
  id: "1",
  at: "2026-01-01T00:00:00.000Z",
  path: "notes/1",
  fields: { body: "a" },
};

async function inFolder(run: (data: string) => Promise<void>): Promise<void> {
  const data = await Deno.makeTempDir();
  await run(data);
  await Deno.remove(data, { recursive: true });
}

Deno.test("drafts are kept over starts, for their owner's eyes, until they are taken", () =>
  inFolder(async (data) => {
    const path = join(data, "unsaved.json");
    const drafts = new Drafts(data);
    assertEquals(drafts.list(), []);
    drafts.add([DRAFT]);
    drafts.add([{ ...DRAFT, id: "2" }]);
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    const later = new Drafts(data);
    assertEquals(later.list().map(({ id }) => id), ["1", "2"]);
    later.remove(["1", "unknown"]);
    assertEquals(new Drafts(data).list().map(({ id }) => id), ["2"]);
    later.remove(["2"]);
    await assertRejects(() => Deno.stat(path), Deno.errors.NotFound);
  }));

Deno.test("a file of drafts that can't be read is left alone", () =>
  inFolder(async (data) => {
    const path = join(data, "unsaved.json");
    for (const text of ["{", "null", '[7, null, {"id": 1}]']) {
      await Deno.writeTextFile(path, text);
      const drafts = new Drafts(data);
      assertEquals(drafts.list(), [], text);
      drafts.remove(["1"]);
      assertEquals(await Deno.readTextFile(path), text);
    }
  }));
