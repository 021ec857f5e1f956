/// <reference lib="dom" />
import { assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import type { Erth } from "../harness.ts";
import { openId, reads, storedNote, until, visit } from "./browser.ts";

/** Tells the page that Erth is about to end. */
async function close(page: Page): Promise<void> {
  await page.evaluate(() => {
    document.body.dispatchEvent(new CustomEvent("erth:closing", { bubbles: true }));
  });
}

/** Notes down what was stored whenever the page says that all is saved. */
async function confirmations(page: Page, erth: Erth): Promise<string[]> {
  const stored: string[] = [];
  await page.route("**/shell/saved", async (route) => {
    stored.push((await storedNote(erth, openId(page))).body);
    await route.fulfill({ status: 204 });
  });
  return stored;
}

async function write(page: Page, words: string): Promise<void> {
  await page.getByRole("button", { name: "New", exact: true }).click();
  await page.locator("#body").pressSequentially(words);
}

visit("the last words are saved before the page lets Erth end", async ({ page, erth }) => {
  const confirmed = await confirmations(page, erth);
  await write(page, "Typed just now");
  await close(page);
  await until(() => confirmed.length === 1);
  assertEquals(confirmed, ["Typed just now"]);
});

visit("a page without unsaved words lets Erth end at once", async ({ page, erth }) => {
  await write(page, "Saved before");
  await reads(page.locator("#saved"), "Saved here.");
  const confirmed = await confirmations(page, erth);
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await close(page);
  await until(() => confirmed.length === 1);
  assertEquals(confirmed, ["Saved before"]);
  assertEquals(asked.filter((path) => !path.endsWith("shell/saved")), []);
});

visit("words typed while others are being saved are saved too", async ({ page, erth }) => {
  const confirmed = await confirmations(page, erth);
  const held: (() => void)[] = [];
  await page.route(/\/notes\/[^/]+$/, async (route) => {
    if (route.request().method() === "POST") {
      await new Promise<void>((resolve) => held.push(resolve));
    }
    await route.continue();
  });
  await write(page, "One");
  await close(page);
  await until(() => held.length === 1);
  await page.locator("#body").pressSequentially(", two");
  assertEquals(confirmed, []);
  held[0]!();
  await until(() => held.length === 2);
  assertEquals(confirmed, []);
  held[1]!();
  await until(() => {
    held.slice(2).forEach((release) => release());
    return confirmed.length === 1;
  });
  assertEquals(confirmed, ["One, two"]);
});

visit("words that can't be saved keep the page from saying so", async ({ page, erth }) => {
  const confirmed = await confirmations(page, erth);
  await page.route(/\/notes\/[^/]+$/, (route) => {
    return route.request().method() === "POST" ? route.fulfill({ status: 500 }) : route.continue();
  });
  await write(page, "Refused");
  const said = page.waitForEvent("console", (message) => message.text().startsWith("Cannot save"));
  await close(page);
  await said;
  assertEquals(confirmed, []);
  await page.unroute(/\/notes\/[^/]+$/);
  await close(page);
  await until(() => confirmed.length === 1);
  assertEquals(confirmed, ["Refused"]);
}, { expected: /500|Cannot save/ });
