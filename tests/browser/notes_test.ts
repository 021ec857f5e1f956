/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import {
  addNote,
  counts,
  openId,
  reads,
  storedNote,
  storedNotes,
  until,
  visit,
} from "./browser.ts";

visit("an empty app says what to do first, and the button does it", async ({ page, erth }) => {
  await reads(page.locator("#list"), "No notes yet.");
  await reads(page.locator("#main"), "Your notes live here");
  await page.getByRole("button", { name: "Write the first one" }).click();
  await page.locator("#title").waitFor();
  await counts(page.locator("#list .item"), 1);
  assertEquals((await storedNotes(erth)).length, 1);
});

visit("a note is saved as it is written, and the list follows", async ({ page, erth }) => {
  await page.getByRole("button", { name: "New", exact: true }).click();
  await page.locator("#title").fill("Bread");
  await page.locator("#body").fill("Flour, water, salt.");
  await page.locator("#tags").fill("Baking, kitchen");
  await reads(page.locator("#saved"), "Saved here.");
  const id = openId(page);
  await until(async () => (await storedNote(erth, id)).tags.length === 2);
  const note = await storedNote(erth, id);
  assertEquals([note.title, note.body], ["Bread", "Flour, water, salt."]);
  assertEquals(note.tags, ["baking", "kitchen"]);
  await reads(page.locator("#list .item .title"), "Bread");
  await reads(page.locator("#list .item .snippet"), "Flour");
  await until(async () => (await page.title()).startsWith("Bread"));
});

visit("what was written is there after a reload", async ({ page }) => {
  await page.getByRole("button", { name: "New", exact: true }).click();
  await page.locator("#body").fill("# Plan\n\nFirst *this*.");
  await reads(page.locator("#saved"), "Saved here.");
  await page.reload();
  await until(async () => await page.locator("#body").inputValue() === "# Plan\n\nFirst *this*.");
});

visit("the last words count, though one leaves at once", async ({ page, erth }) => {
  const other = await addNote(erth, "Other");
  await page.getByRole("button", { name: "New", exact: true }).click();
  await page.locator("#body").pressSequentially("Quickly said");
  const id = openId(page);
  await page.locator(`#n-${other} a`).click();
  await until(async () => await page.locator("#title").inputValue() === "Other");
  await until(async () => (await storedNote(erth, id)).body === "Quickly said");
  assertEquals((await storedNote(erth, other)).body, "");
});

visit("Markdown is shown when one reads, and edited when one writes", async ({ page, erth }) => {
  const body = "# Head\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n`code` and ~~gone~~";
  const id = await addNote(erth, "Rendered", body);
  await page.locator(`#n-${id} a`).click();
  await page.locator("#view").click();
  const prose = page.locator(".reader .prose");
  assertEquals(await prose.locator("h1").innerText(), "Head");
  await counts(prose.locator("li"), 2);
  await counts(prose.locator("td"), 2);
  await counts(prose.locator("code"), 1);
  await counts(prose.locator("s"), 1);
  await page.locator("#view").click();
  assertEquals(await page.locator("#body").inputValue(), body);
});

visit("reading shows what was typed the moment before", async ({ page }) => {
  await page.getByRole("button", { name: "New", exact: true }).click();
  await page.locator("#body").pressSequentially("Just **now**");
  await page.locator("#view").click();
  await reads(page.locator(".prose strong"), "now");
});

const EVIL = [
  "<script>window.evil = 1</script>",
  "<img src=x onerror='window.evil = 2'>",
  "[link](javascript:window.evil=3)",
  "[data](data:text/html;base64,PHNjcmlwdD4=)",
  "![pixel](http://127.0.0.1:9/pixel.png)",
  "![script](javascript:window.evil=4)",
  "<a href='javascript:window.evil=5'>raw</a>",
  "[ok](https://example.org/)",
  "<iframe srcdoc='<script>parent.evil=6</script>'></iframe>",
  '<div hx-get="shell/stop" hx-trigger="load">x</div>',
].join("\n\n");

visit("nothing in a note runs, loads or leaves", async ({ page, erth, context }) => {
  const asked: string[] = [];
  context.on("request", (request) => asked.push(request.url()));
  const id = await addNote(erth, "<b>Title</b>", EVIL, "<i>tag</i>");
  await page.locator(`#n-${id} a`).click();
  await page.locator("#view").click();
  const prose = page.locator(".reader .prose");
  await reads(prose, "<script>window.evil = 1</script>");
  await counts(page.locator(".reader :is(script, img, iframe, b, i, [hx-get], [onerror])"), 0);
  await counts(page.locator("#list :is(b, i:not([class]))"), 0);
  const links = await prose.locator("a").evaluateAll((all) => all.map((a) => a.outerHTML));
  assertEquals(links.filter((html) => /href="(?!https?:)/.test(html)), []);
  for (const html of links) {
    assert(/target="_blank"/.test(html) && /rel="noopener/.test(html), html);
  }
  for (const link of await prose.locator("a", { hasText: /^(link|script|raw)$/ }).all()) {
    await link.click();
  }
  assertEquals(await page.evaluate(() => (globalThis as { evil?: number }).evil), undefined);
  assertEquals(asked.filter((url) => !url.startsWith(erth.url)), []);
});

visit("a tag filters the list until one shows all", async ({ page, erth }) => {
  await addNote(erth, "Rye", "", "bread");
  await addNote(erth, "Sonata", "", "music");
  await page.locator("#list .chip", { hasText: "bread" }).click();
  await counts(page.locator("#list .item"), 1);
  await reads(page.locator("#list .item"), "Rye");
  await reads(page.locator("#list .filter"), "bread");
  await page.getByRole("link", { name: "Show all" }).click();
  await counts(page.locator("#list .item"), 2);
});

visit("a pinned note stays on top", async ({ page, erth }) => {
  const id = await addNote(erth, "Old");
  await addNote(erth, "New one");
  await reads(page.locator("#list li:first-child"), "New one");
  await page.locator(`#n-${id} a`).click();
  await page.locator("#pin").click();
  await reads(page.locator("#list li:first-child"), "Old");
  await page.locator("#list li:first-child [aria-label=Pinned]").waitFor();
  assert((await storedNote(erth, id)).pinned);
  assertEquals(await page.locator("#pin").getAttribute("aria-pressed"), "true");
  await page.locator("#pin").click();
  await reads(page.locator("#list li:first-child"), "New one");
});

visit("a deleted note comes back by Undo, as it was", async ({ page, erth }) => {
  const id = await addNote(erth, "Precious", "All of it", "kept");
  await addNote(erth, "Other");
  await page.locator(`#n-${id} a`).click();
  await page.getByRole("button", { name: "Delete" }).click();
  await reads(page.locator("#toasts"), "“Precious” is deleted.");
  await counts(page.locator("#list .item"), 1);
  await reads(page.locator("#main"), "No note is open");
  assertEquals((await storedNotes(erth)).map(({ title }) => title), ["Other"]);
  await page.getByRole("button", { name: "Undo" }).click();
  await until(async () => await page.locator("#body").inputValue() === "All of it");
  await counts(page.locator("#list .item"), 2);
  assertEquals((await storedNote(erth, id)).tags, ["kept"]);
  assertEquals(openId(page), id);
});

visit("what arrives doesn't disturb who types", async ({ page, erth }) => {
  await page.getByRole("button", { name: "New", exact: true }).click();
  const body = page.locator("#body");
  await body.fill("start end");
  await body.evaluate((area: HTMLTextAreaElement) => area.setSelectionRange(5, 5));
  const typed = " and so it goes on and on";
  for (const [at, letter] of [...typed].entries()) {
    if (at % 4 === 0) await addNote(erth, `Arrived ${at}`);
    await page.keyboard.type(letter);
  }
  await counts(page.locator("#list .item"), 1 + Math.ceil(typed.length / 4));
  assertEquals(await body.inputValue(), `start${typed} end`);
  const caret = await body.evaluate((area: HTMLTextAreaElement) => area.selectionStart);
  assertEquals(caret, 5 + typed.length);
  assertEquals(await page.evaluate(() => document.activeElement?.id), "body");
  await until(async () => (await storedNote(erth, openId(page))).body === `start${typed} end`);
});

visit("a note that is gone says so, with a way on", async ({ page }) => {
  await page.goto(page.url().replace(/notes.*/, "notes/0190a000-0000-7000-8000-000000000000"));
  await page.locator('[data-code="NOTE_NOT_FOUND"]').waitFor();
  await page.getByRole("link", { name: "Go to Notes" }).click();
  await reads(page.locator("#list"), "No notes yet.");
}, { expected: /404/ });
