/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import type { Erth } from "../harness.ts";
import { addNote, counts, openId, reads, until, visit } from "./browser.ts";

const NOTES: [title: string, body: string][] = [
  ["Sourdough", "Feed the starter every morning, bake on Sunday."],
  ["Straßenbahn", "Die Donaudampfschifffahrt fährt ab Müllerstraße, Größe egal."],
  ["会议", "今天下午三点开会，讨论数据库设计。"],
  ["Empty words", "Nothing of note."],
];

async function fill(erth: Erth): Promise<void> {
  for (const [title, body] of NOTES) await addNote(erth, title, body);
}

/** Types into the search field and waits for the list that answers it. */
async function search(page: Page, words: string, found: number): Promise<void> {
  await page.locator("#q").fill("");
  await page.locator("#q").pressSequentially(words);
  await reads(page.locator("#list .count"), found ? `${found} found` : "Nothing found");
  await counts(page.locator("#list .item"), found);
}

/** Waits until these are the words marked in the list. */
async function marks(page: Page, expected: string[]): Promise<void> {
  const found = async () => (await page.locator("#list mark").allTextContents()).sort();
  await until(async () => `${await found()}` === `${expected.sort()}`).catch(() => {});
  assertEquals(await found(), expected);
}

/** Words to search for, the note they find, and what is marked of it. */
const SEARCHES: Record<string, [words: string, title: string, marks: string[]][]> = {
  English: [
    ["starter", "Sourdough", ["starter"]],
    ["dough", "Sourdough", ["dough"]],
    ["Sunday feed", "Sourdough", ["Feed", "Sunday"]],
  ],
  "German, with umlauts, ß and compounds": [
    ["müller", "Straßenbahn", ["Müller"]],
    ["mueller", "Straßenbahn", ["Müller"]],
    ["strasse", "Straßenbahn", ["Straße", "straße"]],
    ["dampfschiff", "Straßenbahn", ["dampfschiff"]],
  ],
  "Chinese, of three characters and two": [
    ["数据库", "会议", ["数据库"]],
    ["设计", "会议", ["设计"]],
  ],
};

for (const [language, searches] of Object.entries(SEARCHES)) {
  visit(`search finds and marks as one types: ${language}`, async ({ page }) => {
    for (const [words, title, expected] of searches) {
      await search(page, words, 1);
      await marks(page, expected);
      await reads(page.locator("#list .item .title"), title);
    }
  }, { prepare: fill });
}

visit("a search that finds nothing says so, and emptied shows all", async ({ page }) => {
  await search(page, "zzzz", 0);
  await reads(page.locator("#list .blank"), "No note here has that.");
  await page.locator("#q").fill("");
  await counts(page.locator("#list .item"), NOTES.length);
  await marks(page, []);
}, { prepare: fill });

visit("signs of the query language are only text", async ({ page, erth }) => {
  await addNote(erth, "Signs", 'a "quoted" AND (b OR c*) <mark>100%</mark>');
  for (const words of ['"quoted"', "AND (b", "c*)", "<mark>100%"]) {
    await search(page, words, 1);
    await marks(page, words.split(" "));
  }
});

visit("Enter opens the first hit, and the search stays", async ({ page, erth }) => {
  await search(page, "bake", 1);
  await marks(page, ["bake"]);
  await page.keyboard.press("Enter");
  await until(async () => await page.locator("#title").inputValue() === "Sourdough");
  assertEquals(await page.locator("#q").inputValue(), "bake");
  await marks(page, ["bake"]);
  const [newest] = (await erth.json<{ notes: { id: string }[] }>("notes?q=bake")).notes;
  assertEquals(openId(page), newest!.id);
}, { prepare: fill });

visit("a new hit appears in a search under way; other notes don't", async ({ page, erth }) => {
  await search(page, "bake", 1);
  await addNote(erth, "Cake", "Bake it too");
  await addNote(erth, "Unrelated");
  await counts(page.locator("#list .item"), 2);
  await reads(page.locator("#list .count"), "2 found");
  assertEquals(await page.evaluate(() => document.activeElement?.id), "q");
}, { prepare: fill });

visit("a long list comes page by page as one scrolls", async ({ page }) => {
  const items = page.locator("#list a.item");
  await reads(page.locator("#list .count"), "230 notes");
  assert(await items.count() < 100);
  await until(async () => {
    await items.last().scrollIntoViewIfNeeded();
    return await items.count() === 230;
  });
}, {
  prepare: async (erth) => {
    for (let at = 0; at < 230; at++) await addNote(erth, `Note ${at}`);
  },
});
