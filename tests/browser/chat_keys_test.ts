/// <reference lib="dom" />
import { assertEquals } from "@std/assert";
import type { Locator, Page } from "playwright-core";
import { counts, reads, until } from "./browser.ts";
import { answered, ask, chat, fromEnd } from "./chat_support.ts";

const LONG = Array.from({ length: 60 }, (_, at) => `Line ${at}.`).join("\n\n");
const focus = (page: Page, selector: string) => page.locator(`${selector}:focus`).waitFor();
const field = (page: Page) => page.locator(".composer [name=question]");

async function closes(page: Page, sheet: Locator): Promise<void> {
  await sheet.waitFor();
  await page.keyboard.press("Escape");
  await sheet.waitFor({ state: "hidden" });
}

/** As the browser would hand it on: some keys it keeps for itself. */
function press(page: Page, init: { key: string; ctrlKey: boolean }): Promise<unknown> {
  return page.evaluate((init) => {
    const more = { bubbles: true, cancelable: true };
    return document.activeElement!.dispatchEvent(
      new KeyboardEvent("keydown", { ...init, ...more }),
    );
  }, init);
}

/** Every row of the sheet, in its order, and what shows that it is true. */
const ROWS: Record<string, (page: Page) => Promise<unknown>> = {
  "Find notes, conversations, commands": async (page) => {
    for (const key of ["Control+k", "Meta+k"]) {
      await page.keyboard.press(key);
      await closes(page, page.locator("#palette"));
    }
  },
  "New note": async (page) => {
    await press(page, { key: "n", ctrlKey: true });
    await focus(page, "#title");
    await page.goBack();
    await field(page).waitFor();
    await page.locator("#main").focus();
    await page.keyboard.press("n");
    await focus(page, "#title");
    await page.goBack();
    await field(page).waitFor();
  },
  "Search the list": async (page) => {
    await page.locator("#main").focus();
    await page.keyboard.press("/");
    await focus(page, "#q");
  },
  "Up and down the list": async (page) => {
    await page.keyboard.press("ArrowDown");
    await focus(page, "#threads .item");
    await page.keyboard.press("ArrowUp");
    await focus(page, "#q");
  },
  "Close, cancel, or stop an answer": async (page) => {
    await page.keyboard.press("Control+k");
    await closes(page, page.locator("#palette"));
  },
  "This sheet": async (page) => {
    await page.locator("#main").focus();
    await page.keyboard.press("?");
    await closes(page, page.locator("#keys"));
  },
  "Save now": async (page) => {
    await page.keyboard.press("n");
    await focus(page, "#title");
    await page.keyboard.type("Kept");
    await page.keyboard.press("Control+s");
    await reads(page.locator("#saved"), "Saved here.");
  },
  "Read or write the note": async (page) => {
    await page.keyboard.press("Control+e");
    await reads(page.locator(".reader h1"), "Kept");
    await page.keyboard.press("Control+e");
    await page.locator("#title").waitFor();
    await page.getByRole("link", { name: "Chat" }).click();
    await page.locator("#threads .item").click();
    await page.locator(".thread").waitFor();
  },
  "Send the question": async (page) => {
    await field(page).fill("Second");
    await page.keyboard.press("Enter");
    await answered(page, 2);
  },
  "New line in the question": async (page) => {
    await field(page).fill("One");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("two");
    assertEquals(await field(page).inputValue(), "One\ntwo");
    await field(page).fill("");
  },
  "Edit the last question, from an empty field": async (page) => {
    await page.keyboard.press("ArrowUp");
    await focus(page, ".edit textarea");
    await page.keyboard.press("Escape");
    await counts(page.locator(".edit"), 0);
  },
  "Scroll the conversation": async (page) => {
    for (let times = 0; times < 3; times++) await page.keyboard.press("PageUp");
    await until(async () => await fromEnd(page) > 240);
    await page.keyboard.press("PageDown");
  },
  "To the latest message": async (page) => {
    await page.keyboard.press("Control+End");
    await until(async () => await fromEnd(page) === 0);
  },
  "Search within the conversation": async (page) => {
    await page.keyboard.press("Control+f");
    await focus(page, ".within input");
    await closes(page, page.locator(".within"));
  },
};

chat("the sheet of keys is complete, and each of them does what it says", async (it) => {
  const { page, model } = it;
  model.next(LONG);
  model.next(LONG);
  await ask(page, "First");
  await answered(page);
  const names = await page.locator("#keys dt").allTextContents();
  assertEquals(names, Object.keys(ROWS));
  for (const [name, holds] of Object.entries(ROWS)) {
    await holds(page).catch((cause) => {
      throw new Error(`Not true of '${name}'`, { cause });
    });
  }
});
