/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { type Erth, poll } from "../harness.ts";
import { writeModel } from "../models/support.ts";
import { reads, until, visit } from "./browser.ts";
import { answered, ask, messages } from "./chat_support.ts";

const folder = Deno.makeTempDirSync();
const endless = join(folder, "Endless.gguf");
Deno.test.beforeAll(() => writeModel(endless, "--layers", "1", "--context", "8192"));
Deno.test.afterAll(() => Deno.removeSync(folder, { recursive: true }));

const WITH_MODEL = {
  route: "chat",
  prepare: async (erth: Erth) => {
    await erth.json("shell/models/add", { path: endless });
    await erth.json("shell/models/use", { ref: "local/Endless.gguf" });
    await poll(async () => (await (await erth.fetch("chat")).text()).includes("Endless"));
  },
};

visit("a model of this computer is loaded, streams, stops, and answers on", async (it) => {
  const { page, erth } = it;
  await ask(page, "Say letters");
  const prose = page.locator(".answer .prose");
  await until(async () => (await prose.innerText()).trim().length > 20);
  const length = (await prose.innerText()).length;
  await until(async () => (await prose.innerText()).length > length);
  await reads(page.locator(".meter"), "stays on this computer");
  await page.keyboard.press("Escape");
  await reads(page.locator(".answer footer"), "You stopped this answer.");
  const [, stored] = await messages(erth, page);
  assertEquals(stored!.state, "stopped");
  assert(stored!.body.length > 20, stored!.body);
  await ask(page, "And again");
  await until(async () => (await prose.nth(1).innerText()).trim().length > 20);
  await page.getByRole("button", { name: "Stop" }).click();
  await answered(page, 2);
}, WITH_MODEL);
