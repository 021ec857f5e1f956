import { assertEquals, assertRejects } from "@std/assert";
import { ErthError } from "../../errors.ts";
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

async function claim(data: string): Promise<Instance> {
  const instance = await Instance.claim(data);
  if (!(instance instanceof Instance)) throw new Error("Someone else has the folder");
  return instance;
}

Deno.test("a data folder has one owner at a time", () =>
  inFolder(async (folder) => {
    const data = `${folder}/data`;
    const first = await claim(data);
    Instance.publish(data, CARD);
    assertEquals(await Instance.claim(data), CARD);
    first[Symbol.dispose]();
    const second = await claim(data);
    second[Symbol.dispose]();
  }));

Deno.test("the address card is for its owner's eyes and goes with the instance", () =>
  inFolder(async (folder) => {
    const instance = await claim(folder);
    assertEquals(await Instance.find(folder), undefined);
    Instance.publish(folder, CARD);
    assertEquals(await Instance.find(folder), CARD);
    const { mode } = await Deno.stat(`${folder}/instance.json`);
    assertEquals((mode ?? 0) & 0o777, 0o600);
    instance[Symbol.dispose]();
    assertEquals(await Instance.find(folder), undefined);
  }));

Deno.test({
  name: "an owner that doesn't tell its address is waited for, with an end",
  // The claim that was given up lets go of its file when its turn has come, which may be later.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    inFolder(async (folder) => {
      const first = await claim(folder);
      const error = await assertRejects(() => Instance.claim(folder, 0), ErthError);
      assertEquals(error.code, "DATA_IN_USE");
      const waiting = claim(folder);
      first[Symbol.dispose]();
      (await waiting)[Symbol.dispose]();
    }),
});

Deno.test("a card left by an owner that was killed goes with the next claim", () =>
  inFolder(async (folder) => {
    Instance.publish(folder, CARD);
    using _ = await claim(folder);
    assertEquals(await Instance.find(folder), undefined);
  }));

Deno.test("a folder that can't be made is STORE_READ_ONLY", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const claim = () => Instance.claim(`${folder}/file/data`);
    assertEquals((await assertRejects(claim, ErthError)).code, "STORE_READ_ONLY");
  }));
