/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import type { BrowserContext, Page, Request } from "playwright-core";
import {
  addNote,
  browser,
  browserTest,
  counts,
  listen,
  open,
  reads,
  startErth,
} from "./browser.ts";
import { until, visit } from "./browser.ts";

const TABS = 8;
const BODY = Array.from({ length: 30 }, (_, at) => `The comet came back on day ${at}.`).join(" ");

/** Counts the event streams that are open at once. */
function countStreams(context: BrowserContext): { now: () => number; most: () => number } {
  const streams = new Set<Request>();
  const now = () => [...streams].filter((it) => !it.frame().page().isClosed()).length;
  let most = 0;
  context.on("request", (request) => {
    if (!/\/events(\?|$)/.test(request.url())) return;
    streams.add(request);
    most = Math.max(most, now());
  });
  context.on("requestfinished", (request) => streams.delete(request));
  context.on("requestfailed", (request) => streams.delete(request));
  return { now, most: () => most };
}

browserTest("eight tabs load, hear of each other, and stream their answers", async () => {
  await using erth = await startErth();
  await addNote(erth, "Comets", BODY);
  const context = await (await browser()).newContext();
  const complaints = listen(context);
  const streams = countStreams(context);
  const tabs: Page[] = [];
  for (let at = 0; at < TABS; at++) tabs.push(await open(context, erth));
  for (const tab of tabs) await counts(tab.locator("#list .item"), 1);

  await tabs[5]!.getByRole("button", { name: "New", exact: true }).click();
  await tabs[5]!.locator("#title").fill("For everyone");
  for (const tab of tabs) await reads(tab.locator("#list .item"), "For everyone");

  for (const tab of tabs) await tab.getByRole("link", { name: "Chat" }).click();
  await Promise.all(tabs.map((tab, at) => askIn(tab, `When did the comet come, ${at}?`)));
  const grown: number[] = [];
  for (const [at, tab] of tabs.entries()) {
    await tab.locator(".answer:not([aria-busy]) blockquote").first().waitFor();
    await reads(tab.locator(".question"), `comet come, ${at}?`);
    grown.push(await tab.evaluate(() => (globalThis as unknown as { steps: number }).steps));
    await counts(tab.locator("#threads .item"), TABS);
  }
  // Two tabs have a stream of their answer; how often the others look depends on the machine.
  assert(grown.filter((steps) => steps >= 3).length >= 2, `The answers grew in ${grown} steps`);
  assertEquals([streams.now(), streams.most()], [1, 1]);

  // The tab with the stream is one of these; another takes over, and misses nothing.
  for (const tab of tabs.splice(0, 4)) await tab.close();
  for (const tab of tabs) await tab.getByRole("link", { name: "Notes" }).click();
  await addNote(erth, "After four were closed");
  for (const tab of tabs) await reads(tab.locator("#list .item"), "After four were closed");
  await until(() => streams.now() === 1);
  await context.close();
  assertEquals(complaints, []);
});

async function askIn(tab: Page, question: string): Promise<void> {
  await tab.evaluate(() => {
    const page = globalThis as unknown as { steps: number };
    page.steps = 0;
    let last = 0;
    new MutationObserver(() => {
      const { length } = document.querySelector(".answer .prose")?.textContent ?? "";
      if (length > last) page.steps++;
      last = length;
    }).observe(document.body, { childList: true, subtree: true, characterData: true });
  });
  await tab.locator(".composer [name=question]").fill(question);
  await tab.keyboard.press("Enter");
}

/** Makes a page believe that its tab was put aside, or taken up again. */
function setHidden(page: Page, hidden: boolean): Promise<void> {
  return page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    const state = hidden ? "hidden" : "visible";
    Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  }, hidden);
}

visit("a hidden page holds no stream, and catches up when it is seen", async (visit) => {
  const { page, erth, context } = visit;
  await counts(page.locator("#dots [data-state=ready]"), 1);
  const streams = countStreams(context);
  await page.reload();
  await until(() => streams.now() === 1);
  await addNote(erth, "Before");
  await reads(page.locator("#list .item"), "Before");
  await setHidden(page, true);
  await until(() => streams.now() === 0);
  await addNote(erth, "Meanwhile");
  await setHidden(page, false);
  await reads(page.locator("#list .item"), "Meanwhile");
  await until(() => streams.now() === 1);
});

visit("after more than is remembered the page asks anew for all it shows", async (visit) => {
  const { page, erth } = visit;
  await addNote(erth, "Before");
  await reads(page.locator("#list .item"), "Before");
  await setHidden(page, true);
  const id = await addNote(erth, "First of many");
  for (let at = 0; at < 510; at++) await erth.json(`notes/${id}/pin`, { pinned: String(at % 2) });
  await setHidden(page, false);
  await reads(page.locator("#list .item"), "First of many");
});
