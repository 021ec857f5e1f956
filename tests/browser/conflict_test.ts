/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import type { Erth } from "../harness.ts";
import {
  addNote,
  counts,
  lost,
  mirrored,
  open,
  reads,
  storedNote,
  until,
  visit,
} from "./browser.ts";

interface Stored {
  title: string;
  body: string;
  tags: string[];
  conflicts: { id: string; device: string; cells: Record<string, unknown> }[];
}

const stored = (erth: Erth, id: string) => erth.json<Stored>(`notes/${id}`);
const body = (page: Page) => page.locator("#body");
const banners = (page: Page) => page.locator(".conflict");
const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

async function openNote(page: Page, id: string): Promise<void> {
  await page.locator(`#n-${id} a`).click();
  await page.locator(`#note-${id}`).waitFor();
}

async function compare(page: Page): Promise<void> {
  await banners(page).first().locator("summary").click();
  await page.locator(".legend").waitFor();
}

visit("what others write shows by itself; caret and place stay", async ({ page, erth }) => {
  const lines = Array.from({ length: 200 }, (_, at) => `line ${at}`).join("\n");
  const id = await addNote(erth, "Shared", lines);
  await openNote(page, id);
  const at = lines.indexOf("line 120");
  await body(page).evaluate((area: HTMLTextAreaElement, at) => {
    area.focus();
    area.setSelectionRange(at, at + 4);
    area.scrollTop = 2000;
  }, at);
  await erth.json(`notes/${id}`, { title: "Shared, better", body: `first\n${lines}\nlast` });
  await until(async () => (await body(page).inputValue()).startsWith("first\n"));
  assertEquals(await page.locator("#title").inputValue(), "Shared, better");
  const seen = await body(page).evaluate((area: HTMLTextAreaElement) => ({
    selected: area.value.slice(area.selectionStart, area.selectionEnd),
    start: area.selectionStart,
    top: area.scrollTop,
    focused: document.activeElement === area,
  }));
  assertEquals(seen, { selected: "line", start: at + 6, top: 2026, focused: true });
  await counts(banners(page), 0);
});

visit("who types isn't disturbed, and nothing of the others is lost", async ({ page, erth }) => {
  const id = await addNote(erth, "Shared", "one two");
  await openNote(page, id);
  await body(page).pressSequentially("typed here, ");
  await erth.json(`notes/${id}`, { body: "one two from a script" });
  await body(page).pressSequentially("and here, and on and on");
  assertEquals(await body(page).inputValue(), "typed here, and here, and on and onone two");
  await counts(banners(page), 1);
  await reads(banners(page), "Edited in two places. Another version, ");
  await body(page).pressSequentially("; more");
  await until(async () => (await stored(erth, id)).body.includes("; more"));
  const { conflicts } = await stored(erth, id);
  assertEquals(conflicts.map(({ cells }) => cells), [{ body: "one two from a script" }]);
  assertEquals(await page.evaluate(() => document.activeElement?.id), "body");
  await page.locator(`#n-${id} [aria-label="Edited in two places"]`).waitFor();
});

visit("what the other wrote into another field is just taken over", async ({ page, erth }) => {
  const id = await addNote(erth, "Shared", "start", "old");
  await openNote(page, id);
  await body(page).pressSequentially("typed ");
  await erth.json(`notes/${id}`, { title: "Renamed", tags: "new, old" });
  await body(page).pressSequentially("more ");
  await until(async () => await page.locator("#title").inputValue() === "Renamed");
  await until(async () => await page.locator("#tags").inputValue() === "new, old");
  const { title, body: text, tags, conflicts } = await stored(erth, id);
  assertEquals({ title, text, tags }, {
    title: "Renamed",
    text: "typed more start",
    tags: ["new", "old"],
  });
  assertEquals(conflicts, []);
});

visit("two tabs that write in turns keep both texts, not one for each save", async (visit) => {
  const { page, erth, context } = visit;
  const id = await addNote(erth, "Shared", "start");
  await openNote(page, id);
  const other = await open(context, erth, `notes/${id}`);
  const [mine, theirs] = ["mine ".repeat(9), "theirs ".repeat(9)];
  // Each word is saved with a mistake, which is corrected after that.
  const type = async (tab: Page, words: string) => {
    for (const word of words.match(/\S+ /g)!) {
      const saved = tab.waitForResponse((answer) => answer.request().method() === "POST");
      await body(tab).pressSequentially(`${word.trim()}?`);
      await saved;
      await body(tab).press("Backspace");
      await body(tab).press("Space");
    }
  };
  await Promise.all([type(page, mine), type(other, theirs)]);
  await reads(banners(page), "Edited in two places");
  const after = async () => {
    const { body, conflicts } = await stored(erth, id);
    return { all: [body, ...conflicts.map(({ cells }) => cells.body as string)], conflicts };
  };
  await until(async () => (await after()).all.some((text) => text.includes(mine)));
  await until(async () => (await after()).all.some((text) => text.includes(theirs)));
  assertEquals((await after()).conflicts.length, 1);
});

visit("a version from elsewhere is compared and dropped, and that undone", async (visit) => {
  const { page, erth } = visit;
  const id = await addNote(erth, "Bread", "Flour, water, salt.\n\nBake at 200 degrees.", "baking");
  await openNote(page, id);
  await lost(erth, id, { body: "Flour, water, salt.\n\nBake at 230 degrees, <b>hot</b>." });
  await reads(banners(page), "Edited in two places. Another version from LAPTOP");
  await compare(page);
  assertEquals(await page.locator(".diff del").allTextContents(), ["200"]);
  const added = await page.locator(".diff ins").allTextContents();
  assertEquals(added, ["230", ", <b>hot</b>"]);
  await counts(page.locator(".diff b"), 0);
  await button(page, "Keep this one").click();
  await counts(banners(page), 0);
  assertEquals((await stored(erth, id)).conflicts, []);
  await button(page, "Undo").click();
  await counts(banners(page), 1);
  const [again] = (await stored(erth, id)).conflicts;
  assertEquals(again?.device, "LAPTOP");
});

visit("the other version takes the place, and Undo brings back what was", async (visit) => {
  const { page, erth } = visit;
  const id = await addNote(erth, "Mine", "my text", "a");
  await lost(erth, id, { title: "Theirs", body: "their text", tags: '["b","c"]' });
  await openNote(page, id);
  await compare(page);
  await button(page, "Use the other").click();
  await until(async () => await body(page).inputValue() === "their text");
  assertEquals(await page.locator("#title").inputValue(), "Theirs");
  assertEquals(await page.locator("#tags").inputValue(), "b, c");
  await counts(banners(page), 0);
  await button(page, "Undo").click();
  await until(async () => await body(page).inputValue() === "my text");
  await counts(banners(page), 1);
  const { title, tags } = await stored(erth, id);
  assertEquals([title, tags], ["Mine", ["a"]]);
});

visit("both versions go into one note, each of several", async ({ page, erth }) => {
  const id = await addNote(erth, "Mine", "my text", "a");
  await lost(erth, id, { body: "their text", tags: '["b"]' });
  await lost(erth, id, { title: "Theirs" });
  await openNote(page, id);
  await counts(banners(page), 2);
  for (const left of [1, 0]) {
    await compare(page);
    await button(page, "Keep both").first().click();
    await counts(banners(page), left);
  }
  const note = await stored(erth, id);
  assert(note.body.startsWith("my text\n\n---\n\n"), note.body);
  assert(note.body.includes("their text") && note.body.includes("## Theirs"), note.body);
  assertEquals([note.title, note.tags], ["Mine", ["a", "b"]]);
});

visit("a choice is made without a mouse, with what was typed before it", async (visit) => {
  const { page, erth } = visit;
  const id = await addNote(erth, "Mine", "my text");
  await openNote(page, id);
  await lost(erth, id, { body: "their text" });
  await counts(banners(page), 1);
  await body(page).press("End");
  await page.keyboard.type(", typed");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Shift+Tab");
  assertEquals(await page.evaluate(() => document.activeElement?.tagName), "SUMMARY");
  await page.keyboard.press("Enter");
  await page.locator(".legend").waitFor();
  while (!await button(page, "Keep both").evaluate((it) => it === document.activeElement)) {
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  await until(async () =>
    (await storedNote(erth, id)).body === "my text, typed\n\n---\n\ntheir text"
  );
});

visit("an opened version stays open while others write", async ({ page, erth }) => {
  const id = await addNote(erth, "Mine", "my text");
  await lost(erth, id, { body: "their text" });
  await openNote(page, id);
  await compare(page);
  await erth.json(`notes/${id}`, { title: "Renamed" });
  await until(async () => await page.locator("#title").inputValue() === "Renamed");
  assert(await page.locator(".legend").isVisible());
});

visit("deleting a note keeps its versions for Undo", async ({ page, erth }) => {
  const id = await addNote(erth, "Mine", "my text");
  await lost(erth, id, { body: "their text" });
  await openNote(page, id);
  await counts(banners(page), 1);
  await page.getByRole("button", { name: "Delete" }).click();
  await counts(page.locator(`#n-${id}`), 0);
  await button(page, "Undo").click();
  await counts(banners(page), 1);
});

visit("a note deleted elsewhere says so, and can be brought back", async ({ page, erth }) => {
  const id = await addNote(erth, "Precious", "All of it");
  await openNote(page, id);
  await erth.json(`notes/${id}/delete`, {});
  await reads(page.locator("#main"), "“Precious” is deleted");
  await button(page, "Bring it back").click();
  await until(async () => await body(page).inputValue() === "All of it");
  await page.locator(`#n-${id}`).waitFor();
});

visit("a note deleted elsewhere while one types comes back by itself", async (visit) => {
  const { page, erth } = visit;
  const id = await addNote(erth, "Precious", "All of it");
  await openNote(page, id);
  await body(page).pressSequentially("typed ");
  await erth.json(`notes/${id}/delete`, {});
  await body(page).pressSequentially("on ");
  await reads(page.locator("#saved"), "It had been deleted elsewhere, and is back.");
  await until(async () => (await storedNote(erth, id)).body === "typed on All of it");
  await page.locator(`#n-${id}`).waitFor();
});

visit("a note deleted here that others go on with comes back to the list", async (visit) => {
  const { page, erth } = visit;
  const id = await addNote(erth, "Precious", "All of it");
  await openNote(page, id);
  await page.getByRole("button", { name: "Delete" }).click();
  await counts(page.locator(`#n-${id}`), 0);
  await mirrored(erth, "UPDATE notes SET deleted_at = NULL, body = 'more' WHERE id = ?", id);
  await reads(page.locator(`#n-${id}`), "more");
});

visit("a conversation shows what others asked, and has one of two names", async (visit) => {
  const { page, erth } = visit;
  const { id } = await erth.json<{ id: string }>("chat", { title: "Mine" });
  await page.goto(`${erth.url}chat/${id}`);
  await page.locator(".composer [name=question]").fill("half a question");
  await erth.json(`chat/${id}/messages`, { question: "Asked elsewhere?" });
  await reads(page.locator(".question"), "Asked elsewhere?");
  assertEquals(await page.locator(".composer [name=question]").inputValue(), "half a question");
  await lost(erth, id, { title: "Theirs" }, "threads");
  await reads(page.locator(".conflict"), "Another version from LAPTOP");
  await button(page, "Use the other").click();
  await until(async () => await page.locator("#name").inputValue() === "Theirs");
  await counts(page.locator(".conflict"), 0);
  await button(page, "Undo").click();
  await until(async () => await page.locator("#name").inputValue() === "Mine");
  await counts(page.locator(".conflict"), 1);
});
