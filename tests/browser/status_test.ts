/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import { counts, reads, until, visit } from "./browser.ts";

visit("Status tells versions, generation, database and folders", async ({ page, erth }) => {
  const facts = page.locator(".facts");
  const { versions } = await erth.report();
  for (const text of [`process ${erth.pid}`, "ready, generation 1", "local_edge.db", erth.data]) {
    await reads(facts, text);
  }
  for (const [name, version] of Object.entries(versions)) await reads(facts, `${name} ${version}`);
  await reads(page.locator("#main"), "Everything runs.");
  await reads(page.locator("#main"), "None since the start.");
  await reads(page.locator(".log"), "erth.started");
}, { route: "status" });

visit("the report can be copied whole", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.locator(".report").focus();
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Control+c");
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  for (const line of ["Sidecar: ready, generation 1", "Restarts:", "Log:"]) {
    assert(copied.includes(line), copied);
  }
}, { route: "status", prepare: (erth) => erth.sidecar() });

visit("the report is saved as a file", async ({ page }) => {
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Save as text" }).click();
  const file = await download;
  assertEquals(file.suggestedFilename(), "erth-status.txt");
  const text = await Deno.readTextFile(await file.path());
  assert(text.includes("Sidecar: ready") && text.includes("erth.started"), text);
  await reads(page.locator("#main h1"), "Status");
}, { route: "status", prepare: (erth) => erth.sidecar() });

visit("a restart shows by itself, with its reason", async ({ page, erth }) => {
  for (const generation of [1, 2]) {
    await reads(page.locator(".facts"), `ready, generation ${generation}`);
    Deno.kill(await erth.sidecar(), "SIGKILL");
    await counts(page.locator(".restarts li"), generation);
    await reads(page.locator(".restarts li"), "SIGKILL");
  }
  await reads(page.locator(".facts"), "ready, generation 3");
  await until(async () => await page.locator(".health .dot[data-state=ready]").count() === 1);
  assertEquals((await erth.report()).sidecar.restarts.length, 2);
}, { route: "status" });

visit("the rail's first dot follows the sidecar on every screen", async ({ page, erth }) => {
  await page.locator("#dots .dot:first-child[data-state=ready]").waitFor();
  const pid = await erth.sidecar();
  // A marker on the dot of now: the next state brings another element.
  await page.locator("#dots .dot:first-child").evaluate((dot) => dot.id = "before");
  Deno.kill(pid, "SIGKILL");
  await page.locator("#dots .dot:first-child[data-state=ready]:not(#before)").waitFor();
  assert(await erth.sidecar(pid) !== pid);
  await page.locator("#dots .dot:first-child[title='Everything runs.']").waitFor();
});
