/// <reference lib="dom" />
import { assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import type { UnsavedText } from "../../web/js/editing/editing.ts";
import { Erth, poll } from "../harness.ts";
import { freeze } from "../process/support.ts";
import { openId, reads, storedNote, until, visit } from "./browser.ts";

/** Tells the page that Erth is about to end. */
async function close(page: Page): Promise<void> {
  await page.evaluate(() => {
    const detail = { closing: "for a test" };
    document.dispatchEvent(new CustomEvent("erth:closing", { detail }));
  });
}

/** Notes down what was stored whenever the page says that all is saved. */
async function confirmations(page: Page, erth: Erth): Promise<string[]> {
  const stored: string[] = [];
  await page.route("**/shell/saved", async (route) => {
    const { closing, unsaved } = route.request().postDataJSON();
    assertEquals(closing, "for a test");
    if (unsaved.length === 0) stored.push((await storedNote(erth, openId(page))).body);
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

visit(
  "words that can't be saved are handed over, and aren't called saved",
  async ({ page, erth }) => {
    const handed: Record<string, string>[] = [];
    page.on("request", (request) => {
      if (!request.url().endsWith("shell/saved")) return;
      handed.push(...request.postDataJSON().unsaved.map(({ fields }: UnsavedText) => fields));
    });
    const confirmed = await confirmations(page, erth);
    await page.route(/\/notes\/[^/]+$/, (route) => {
      return route.request().method() === "POST"
        ? route.fulfill({ status: 500 })
        : route.continue();
    });
    await write(page, "Refused");
    await close(page);
    // Before it is tried, and after.
    await until(() => handed.length === 2);
    assertEquals(handed.map(({ body }) => body), ["Refused", "Refused"]);
    assertEquals(confirmed, []);
    await page.unroute(/\/notes\/[^/]+$/);
    await close(page);
    await until(() => confirmed.length === 1);
    assertEquals(confirmed, ["Refused"]);
  },
  { expected: /500/ },
);

visit("pages save when Erth is told to end", async ({ page, erth }) => {
  await write(page, "Typed as it ended");
  const { data } = erth;
  const id = openId(page);
  assertEquals(await erth.stop(), 0);
  await using again = await Erth.start({ data });
  assertEquals((await again.json<{ body: string }>(`notes/${id}`)).body, "Typed as it ended");
}, { expected: /Failed to (load|fetch)|net::/ });

visit(
  "what couldn't be saved is offered at the next start, and kept until it is taken",
  async ({ page, erth, context }) => {
    const { data } = erth;
    await write(page, "Saved before");
    await reads(page.locator("#saved"), "Saved here.");
    const sidecar = await erth.sidecar();
    await freeze(sidecar);
    await page.locator("#body").pressSequentially(", and not any more");
    assertEquals(await erth.stop(), 0);
    // Not taken, it is offered again.
    for (const isLast of [false, true]) {
      await using again = await Erth.start({ data });
      const next = await context.newPage();
      await next.goto(await again.launchUrl());
      const notice = next.locator("#unsaved");
      await reads(notice.locator("blockquote"), "Saved before, and not any more");
      if (isLast) {
        await notice.getByRole("button", { name: "Keep as a note" }).click();
        await reads(notice, "Kept as a note.");
        const { notes } = await again.json<{ notes: unknown[] }>("notes");
        assertEquals(notes.length, 2);
        await next.reload();
        assertEquals(await notice.count(), 0);
      }
      await next.close();
    }
  },
  { expected: /Failed to (load|fetch)|net::/ },
);

visit("what couldn't be saved becomes one note, however often that is tried", async (visit) => {
  const { page, erth } = visit;
  const fields = { title: "Kept", body: "Words", tags: "a b" };
  const said = { closing: "c", page: "p", unsaved: [{ path: "notes/gone", fields }] };
  const say = (body: string) => fetch("shell/saved", { method: "POST", body });
  await page.evaluate(say, JSON.stringify(said));
  const { drafts } = await poll(async () => {
    const answer = await erth.json<{ drafts: { id: string }[] }>("unsaved");
    return answer.drafts.length === 1 && answer;
  });
  const body = new URLSearchParams({ id: drafts[0]!.id });
  const tries = Array.from({ length: 3 }, async () => {
    const response = await erth.fetch("shell/unsaved/keep", { method: "POST", body });
    await response.text();
    return response.status;
  });
  assertEquals(await Promise.all(tries), [200, 200, 200]);
  const { notes } = await erth.json<{ notes: { title: string }[] }>("notes");
  assertEquals(notes.map(({ title }) => title), ["Kept"]);
});
