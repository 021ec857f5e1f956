import { assert, assertEquals } from "@std/assert";
import { pathToFileURL } from "node:url";
import { arrive, browser, browserTest, startErth, until } from "./browser.ts";

browserTest("a file leads a browser in, and goes", async () => {
  await using erth = await startErth();
  const { page: file } = await erth.json<{ page: string }>("shell/open", { page: "1" });
  const context = await (await browser()).newContext();
  const page = await context.newPage();
  await page.goto(pathToFileURL(file).href);
  await until(() => page.url().startsWith(erth.url) && !page.url().includes("launch"));
  await arrive(page);
  const [cookie] = await context.cookies(erth.url);
  assertEquals([cookie?.sameSite, cookie?.httpOnly], ["Strict", true]);
  assert(!page.url().includes("code="), page.url());
  await until(() => Deno.stat(file).then(() => false, () => true));
  const opened = await erth.json<{ used: boolean }>("shell/opened", { page: file, ms: "1" });
  assertEquals(opened, { used: true });
  await context.close();
});
