import { assert, assertEquals, assertRejects } from "@std/assert";
import { ErthError } from "../errors.ts";
import { Instance } from "./instance.ts";

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const CARD = { url: "http://127.0.0.1:1/p/", token: "t", pid: 1, version: "0" };

Deno.test("a data folder has one owner at a time", () =>
  inFolder(async (folder) => {
    const data = `${folder}/data`;
    const first = await Instance.claim(data);
    assert(first);
    assertEquals(await Instance.claim(data), undefined);
    first?.[Symbol.dispose]();
    const second = await Instance.claim(data);
    assert(second);
    second?.[Symbol.dispose]();
  }));

Deno.test("the address card is for its owner's eyes and goes with the instance", () =>
  inFolder(async (folder) => {
    const instance = await Instance.claim(folder);
    assertEquals(await Instance.find(folder), undefined);
    Instance.publish(folder, CARD);
    assertEquals(await Instance.find(folder), CARD);
    const { mode } = await Deno.stat(`${folder}/instance.json`);
    assertEquals((mode ?? 0) & 0o777, 0o600);
    instance?.[Symbol.dispose]();
    assertEquals(await Instance.find(folder), undefined);
  }));

Deno.test("a folder that can't be made is STORE_READ_ONLY", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const claim = () => Instance.claim(`${folder}/file/data`);
    assertEquals((await assertRejects(claim, ErthError)).code, "STORE_READ_ONLY");
  }));
