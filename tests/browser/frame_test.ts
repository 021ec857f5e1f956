/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { addNote, browser, browserTest, counts, open, reads, startErth, until } from "./browser.ts";
import { visit } from "./browser.ts";

function background(page: Page): Promise<string> {
  return page.evaluate(() => getComputedStyle(document.body).backgroundColor);
}

/** How light a colour such as `rgb(253, 252, 250)` is, from 0 to 255. */
function lightness(color: string): number {
  const parts = color.match(/\d+/g)!.slice(0, 3).map(Number);
  return parts.reduce((sum, part) => sum + part) / 3;
}

visit("the theme goes round, and is kept over reload and restart", async ({ page, context }) => {
  const theme = page.getByRole("button", { name: "Theme" });
  const light = await background(page);
  assert(lightness(light) > 200);
  await theme.click();
  assertEquals(await background(page), light);
  await theme.click();
  assert(lightness(await background(page)) < 60);
  await page.reload();
  assert(lightness(await background(page)) < 60);
  await using restarted = await startErth();
  const again = await open(context, restarted);
  assert(lightness(await background(again)) < 60);
  await again.getByRole("button", { name: "Theme" }).click();
  assertEquals(await background(again), light);
  await again.close();
});

/** What the browser was seen to paint, from the first frame of a page load on. */
async function paints(page: Page): Promise<string[]> {
  await page.addInitScript(() => {
    const seen = ((globalThis as unknown as { seen: string[] }).seen = []) as string[];
    const look = () => {
      const root = getComputedStyle(document.documentElement).backgroundColor;
      seen.push(document.body ? getComputedStyle(document.body).backgroundColor : root, root);
      if (seen.length < 60) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  await page.reload();
  await page.locator("#list").waitFor();
  const seen = () => page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
  await until(async () => (await seen()).length >= 60);
  return (await seen()).filter((color) => color !== "rgba(0, 0, 0, 0)");
}

for (const dark of ["by the system", "by choice"]) {
  visit(`nothing light is painted in dark mode ${dark}`, async ({ page, context }) => {
    if (dark === "by choice") {
      await page.getByRole("button", { name: "Theme" }).click();
      await page.getByRole("button", { name: "Theme" }).click();
      await page.emulateMedia({ colorScheme: "light" });
    }
    assertEquals((await context.pages()).length, 1);
    const colors = await paints(page);
    assert(colors.length > 0);
    assertEquals(colors.filter((color) => lightness(color) > 60), []);
  }, { context: { colorScheme: "dark" } });
}

browserTest("the frame is dark and stands before the engine runs", async () => {
  await using erth = await startErth();
  const context = await (await browser()).newContext({ colorScheme: "dark" });
  const page = await context.newPage();
  // The first fragment never comes, as if the engine took for ever.
  await page.route(
    "**/notes",
    (route) => route.request().isNavigationRequest() ? route.continue() : undefined,
  );
  await page.goto(await erth.launchUrl());
  await page.getByRole("link", { name: "Chat" }).waitFor();
  assert(lightness(await background(page)) < 60);
  assertEquals(await page.locator("meta[name=color-scheme]").getAttribute("content"), "light dark");
  await context.close();
});

visit("Ctrl+K finds notes, conversations and commands", async ({ page, erth }) => {
  const note = await addNote(erth, "Harvest plan", "Apples first");
  await erth.json("chat", { title: "Harvest talk" });
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog", { name: "Find anything" });
  await palette.waitFor();
  await reads(palette, "New note");
  await page.keyboard.type("harv");
  await reads(palette.locator(".item"), "Harvest plan");
  await reads(palette.locator(".item"), "Harvest talk");
  await page.keyboard.press("Enter");
  await until(() => page.url().endsWith(note));
  await palette.waitFor({ state: "hidden" });
  await page.keyboard.press("Control+k");
  await page.keyboard.type("zzzz");
  await reads(palette, "Nothing found for “zzzz”.");
  await page.locator("#palette input").fill("stat");
  await reads(palette.locator(".item").first(), "Status");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await reads(page.locator("#main h1"), "Status");
});

visit("the palette makes a note", async ({ page, erth }) => {
  await page.keyboard.press("Control+k");
  await page.keyboard.type("new note");
  await counts(page.locator("#palette .item"), 1);
  await page.keyboard.press("Enter");
  await page.locator("#title").waitFor();
  assertEquals((await erth.json<{ total: number }>("notes")).total, 1);
});

visit("? shows the keys, Esc puts them away", async ({ page }) => {
  const sheet = page.getByRole("dialog", { name: "Keys" });
  await page.keyboard.press("?");
  await reads(sheet, "Find notes, conversations, commands");
  await page.keyboard.press("Escape");
  await sheet.waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Keys" }).click();
  await sheet.waitFor();
});

visit("back and forward go through what was seen", async ({ page, erth }) => {
  const id = await addNote(erth, "Here", "text");
  await page.locator(`#n-${id} a`).click();
  await page.locator("#body").waitFor();
  await page.getByRole("link", { name: "Status" }).click();
  await reads(page.locator("#main h1"), "Status");
  await page.goBack();
  await until(async () => await page.locator("#body").inputValue() === "text");
  await page.goForward();
  await reads(page.locator("#main h1"), "Status");
});

visit("the rail says where one is", async ({ page }) => {
  for (const link of ["Chat", "Notes", "Status"]) {
    await page.getByRole("link", { name: link }).click();
    await page.locator(".rail [aria-current=page]", { hasText: link }).waitFor();
    await counts(page.locator(".rail [aria-current=page]"), 1);
    await until(async () => (await page.title()).startsWith(link));
  }
});
