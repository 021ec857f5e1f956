/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { Sqld } from "../mirror/sqld.ts";
import { addNote, reads, until, visit } from "./browser.ts";

const TOKEN_LIKE = /40[019]/;

/** Fills in the form by keyboard alone and sends it. */
async function connect(page: Page, url: string, token: string, name = "Desk"): Promise<void> {
  await page.locator("[name=url]").focus();
  await page.keyboard.type(url);
  await page.keyboard.press("Tab");
  await page.keyboard.type(token);
  await page.keyboard.press("Tab");
  await page.keyboard.type(name);
  await page.keyboard.press("Enter");
}

visit("the form connects; screen, rail and Status say where everything is", async (at) => {
  const { page, erth } = at;
  await using server = await Sqld.start({ jwt: true });
  await reads(page.locator(".health"), "Everything stays on this computer.");
  await connect(page, server.url, server.token);
  await reads(page.locator(".health"), `Saved here and on ${new URL(server.url).host}.`);
  await reads(page.locator(".devices"), "Desk");
  await page.locator("#dots .dot:nth-child(2)[data-state=ready]").waitFor();
  assertEquals(await page.locator("[name=token]").count(), 0);
  await addNote(erth, "Groceries", "Milk");
  await until(async () => (await server.execute("SELECT * FROM notes")).length === 1);
  await page.getByRole("link", { name: "Status" }).click();
  await reads(page.locator(".facts"), `notes, conversations → ${new URL(server.url).host}`);
  await page.getByRole("link", { name: "Mirror", exact: true }).click();
  await page.getByRole("button", { name: "Disconnect" }).click();
  await reads(page.locator(".health"), "Everything stays on this computer.");
  await page.locator("#dots .dot:nth-child(2)[data-state=off]").waitFor();
}, { route: "mirror" });

visit("what goes wrong stands by the form, with what was typed", async ({ page }) => {
  await using server = await Sqld.start({ jwt: true });
  await connect(page, "http://192.0.2.1", "some-token");
  await page.locator("[data-code=MIRROR_URL]").waitFor();
  assertEquals(await page.locator("[name=url]").inputValue(), "http://192.0.2.1");
  await page.locator("[name=url]").fill(server.url);
  await page.locator("[name=url]").press("Enter");
  await page.locator("[data-code=MIRROR_AUTH]").waitFor();
  assertEquals(await page.locator("#toasts > *").count(), 0);
  assert(!(await page.locator("#screen").innerHTML()).includes("some-token"));
}, { route: "mirror", expected: TOKEN_LIKE });

visit("news of the state leave alone what is being typed", async ({ page }) => {
  await page.locator("[name=url]").fill("libsql://half");
  await page.locator("[name=token]").fill("half a token");
  await page.locator("[name=url]").focus();
  const answer = page.waitForResponse(/\/mirror$/);
  await page.evaluate(() => document.body.dispatchEvent(new CustomEvent("erth:mirror")));
  await (await answer).finished();
  await page.keyboard.type(".example");
  assertEquals(await page.locator("[name=url]").inputValue(), "libsql://half.example");
  assertEquals(await page.locator("[name=token]").inputValue(), "half a token");
}, { route: "mirror" });

visit("two sides with data are merged only after a yes", async ({ page, erth }) => {
  await using server = await Sqld.start({ jwt: true });
  await connect(page, server.url, server.token);
  await reads(page.locator(".health"), "Saved here and on");
  await addNote(erth, "First", "");
  await until(async () => (await server.execute("SELECT * FROM notes")).length === 1);
  await page.getByRole("button", { name: "Disconnect" }).click();
  // Not the database that this one was mirrored to: with that there is nothing to ask.
  await server.execute("UPDATE erth_meta SET value = 'another' WHERE key = 'remote'");
  await connect(page, server.url, server.token);
  await reads(page.locator("#main"), "Both sides hold data");
  await page.getByRole("button", { name: "Don't connect" }).press("Enter");
  await page.locator("[name=url]").waitFor();
  await connect(page, server.url, server.token);
  await page.getByRole("button", { name: "Merge both" }).press("Enter");
  await reads(page.locator(".health"), "Saved here and on");
}, { route: "mirror" });

visit("back to the same database there is nothing to ask", async ({ page, erth }) => {
  await using server = await Sqld.start({ jwt: true });
  await connect(page, server.url, server.token);
  await addNote(erth, "First", "");
  await until(async () => (await server.execute("SELECT * FROM notes")).length === 1);
  await page.getByRole("button", { name: "Disconnect" }).click();
  await connect(page, server.url, server.token);
  await reads(page.locator(".health"), "Saved here and on");
}, { route: "mirror" });

visit("offline shows by itself, and so does its end", async ({ page, erth }) => {
  await using server = await Sqld.start({ jwt: true });
  await connect(page, server.url, server.token);
  await reads(page.locator(".health"), "Saved here and on");
  await server.stop();
  await addNote(erth, "Offline", "");
  await reads(page.locator(".health"), "offline since");
  await page.locator("#dots .dot:nth-child(2)[data-state=offline]").waitFor();
  await server.restart();
  await page.getByRole("button", { name: "Try again" }).click();
  await reads(page.locator(".health"), "Saved here and on");
  assertEquals((await server.execute("SELECT title FROM notes"))[0]!.title, "Offline");
}, { route: "mirror" });

visit("the Mirror screen works without a sidecar", async ({ page }) => {
  await using server = await Sqld.start({ jwt: true });
  await connect(page, server.url, server.token);
  await reads(page.locator(".health"), "Saved here and on");
}, { route: "mirror", start: { env: { ERTH_SIDECAR_COMMAND: '["false"]' } } });
