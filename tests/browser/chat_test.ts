/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { addNote, counts, openId, reads, until, visit } from "./browser.ts";
import type { Erth } from "../harness.ts";

const LONG = Array.from({ length: 60 }, (_, at) => `The comet was seen on day ${at}.`).join(" ");

interface Message {
  role: string;
  state: string;
  body: string;
}

/** Asks in the open conversation, or begins one. */
async function ask(page: Page, question: string): Promise<void> {
  await page.locator(".composer [name=question]").fill(question);
  await page.locator("#send").click();
}

async function answered(page: Page): Promise<void> {
  await page.locator(".answer:not([aria-busy]) .prose").last().waitFor();
}

async function messages(erth: Erth, page: Page): Promise<Message[]> {
  return (await erth.json<{ messages: Message[] }>(`chat/${openId(page)}`)).messages;
}

const COMETS = {
  route: "chat",
  prepare: async (erth: Erth) => {
    await addNote(erth, "Comets", LONG);
    await addNote(erth, "Trams", "The tram leaves at nine.");
  },
};

visit("an answer grows, quotes and cites, and its note opens", async ({ page, erth }) => {
  await reads(page.locator("#main"), "Ask your notes");
  // Counts how often the answer is longer than it was.
  await page.evaluate(() => {
    const lengths = ((globalThis as unknown as { lengths: number[] }).lengths = [0]);
    new MutationObserver(() => {
      const length = document.querySelector(".answer .prose")?.textContent?.length ?? 0;
      if (length > lengths.at(-1)!) lengths.push(length);
    }).observe(document.body, { childList: true, subtree: true, characterData: true });
  });
  await ask(page, "When was the comet seen?");
  await answered(page);
  const steps = await page.evaluate(() => (globalThis as unknown as { lengths: number[] }).lengths);
  assert(steps.length > 3, `Grew in ${steps.length - 1} steps: ${steps}`);
  await reads(page.locator(".answer"), "No model is mounted");
  await reads(page.locator(".answer blockquote"), "The comet was seen");
  await reads(page.locator("#threads .item"), "When was the comet seen?");
  await page.locator(".cites a", { hasText: "Comets" }).first().click();
  await reads(page.locator(".reader h1"), "Comets");
  const [, comets] = (await erth.json<{ notes: { id: string }[] }>("notes")).notes;
  assertEquals(openId(page), comets!.id);
  await page.goBack();
  await reads(page.locator(".question"), "When was the comet seen?");
}, COMETS);

visit("a link within the answer opens the note too", async ({ page }) => {
  await ask(page, "When does the tram leave?");
  await answered(page);
  await page.locator(".answer blockquote a", { hasText: "Trams" }).click();
  await until(async () => /Trams/.test(await page.title()));
  assert(page.url().includes("/notes/"));
}, COMETS);

visit("a question that no note answers says so", async ({ page }) => {
  await ask(page, "What about volcanoes?");
  await answered(page);
  await reads(page.locator(".answer"), "I found nothing about that");
  await reads(page.locator(".answer"), "No model is mounted");
  await counts(page.locator(".cites"), 0);
}, COMETS);

visit("a second question goes on in the same conversation", async ({ page, erth }) => {
  await ask(page, "When was the comet seen?");
  await answered(page);
  await ask(page, "And the tram?");
  await counts(page.locator(".question"), 2);
  await counts(page.locator(".answer:not([aria-busy])"), 2);
  assertEquals(await page.locator(".composer [name=question]").inputValue(), "");
  const roles = (await messages(erth, page)).map(({ role }) => role);
  assertEquals(roles, ["user", "assistant", "user", "assistant"]);
  await counts(page.locator("#threads .item"), 1);
}, COMETS);

visit("an answer stops where it is, by button", async ({ page, erth }) => {
  await ask(page, "When was the comet seen?");
  await page.getByRole("button", { name: "Stop" }).click();
  await reads(page.locator(".answer footer"), "You stopped this answer.");
  const [, answer] = await messages(erth, page);
  assertEquals(answer!.state, "stopped");
  await page.reload();
  await reads(page.locator(".answer footer"), "You stopped this answer.");
}, COMETS);

visit("a stopped answer can be asked for anew, in its place", async ({ page, erth }) => {
  await ask(page, "When was the comet seen?");
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByRole("button", { name: "Answer anew" }).click();
  await until(async () => (await messages(erth, page))[1]?.state === "done");
  await counts(page.locator(".answer:not([aria-busy])"), 1);
  await reads(page.locator(".answer blockquote"), "The comet was seen");
  await counts(page.locator(".answer footer span"), 0);
}, COMETS);

visit("a conversation is renamed where its name stands", async ({ page, erth }) => {
  await ask(page, "When was the comet seen?");
  await answered(page);
  await page.locator("#name").fill("Sky");
  await page.keyboard.press("Enter");
  await reads(page.locator("#threads .item"), "Sky");
  assertEquals((await erth.json<{ title: string }>(`chat/${openId(page)}`)).title, "Sky");
}, COMETS);

visit("a deleted conversation comes back by Undo", async ({ page }) => {
  await ask(page, "When was the comet seen?");
  await answered(page);
  const id = openId(page);
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await reads(page.locator("#threads"), "Nothing asked yet.");
  await reads(page.locator("#main"), "Ask your notes");
  await page.getByRole("button", { name: "Undo" }).click();
  await reads(page.locator(".question"), "When was the comet seen?");
  await counts(page.locator("#threads .item"), 1);
  assertEquals(openId(page), id);
}, COMETS);

visit("conversations are searched by name", async ({ page, erth }) => {
  await erth.json("chat", { title: "Harvest" });
  await erth.json("chat", { title: "Sowing" });
  await counts(page.locator("#threads .item"), 2);
  await page.locator("#q").pressSequentially("harv");
  await counts(page.locator("#threads .item"), 1);
  await page.locator("#q").fill("nothing like it");
  await reads(page.locator("#threads"), "No conversation has that.");
}, { route: "chat" });

visit("Shift+Enter makes a line, Enter asks", async ({ page, erth }) => {
  await page.locator(".composer [name=question]").pressSequentially("one");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("two");
  await page.keyboard.press("Enter");
  await answered(page);
  assertEquals((await messages(erth, page))[0]!.body, "one\ntwo");
}, COMETS);

visit("a question in HTML is shown as it was typed", async ({ page }) => {
  const question = "<img src=x onerror=alert(1)> comet";
  await ask(page, question);
  await answered(page);
  assertEquals(await page.locator(".question").innerText(), question);
  await reads(page.locator("#threads .item"), question);
  await counts(page.locator("#screen :is(img, script)"), 0);
}, COMETS);
