/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import { dirname } from "node:path";
import type { Page } from "playwright-core";
import type { Erth } from "../harness.ts";
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

const LONG = Array.from({ length: 60 }, (_, at) => `The comet was seen on day ${at}.`).join(" ");

/** Kills the sidecar that runs now. */
async function killSidecar(erth: Erth): Promise<void> {
  // The one that is named may have ended in between.
  await until(async () => Deno.kill(await erth.sidecar(), "SIGKILL") === undefined);
}

/** Stops the sidecar's clock, lets a request run into it, then kills it. */
async function killDuring(erth: Erth, page: Page, path: RegExp, act: () => Promise<unknown>) {
  const pid = await erth.sidecar();
  Deno.kill(pid, "SIGSTOP");
  const sent = page.waitForRequest((it) => it.method() === "POST" && path.test(it.url()));
  await Promise.all([sent, act()]);
  Deno.kill(pid, "SIGKILL");
}

/** While this file is there, a sidecar that was started with it dies right after a commit. */
const FUSE = `${Deno.makeTempDirSync()}/fuse`;
Deno.test.afterAll(() => Deno.remove(dirname(FUSE), { recursive: true }));
const FUSED = { start: { faults: [`die-after-commit=${FUSE}`] } };

/** Does what must be applied once though its sidecar dies between commit and answer. */
async function withFuse(erth: Erth, act: () => Promise<unknown>): Promise<void> {
  const pid = await erth.sidecar();
  await Deno.writeTextFile(FUSE, "");
  await act();
  await erth.sidecar(pid);
}

/** The page never showed an error, not even for a moment. */
async function watchErrors(page: Page): Promise<() => Promise<void>> {
  await page.evaluate(() => {
    const shown = ((globalThis as unknown as { shown: string[] }).shown = []) as string[];
    new MutationObserver(() => {
      for (const error of document.querySelectorAll(".error")) shown.push(error.textContent!);
    }).observe(document.body, { childList: true, subtree: true });
  });
  return async () =>
    assertEquals(await page.evaluate(() => (globalThis as unknown as { shown: [] }).shown), []);
}

visit("kills while one types go unnoticed", async ({ page, erth }) => {
  const unnoticed = await watchErrors(page);
  await page.getByRole("button", { name: "New", exact: true }).click();
  await page.locator("#title:focus").waitFor();
  await page.keyboard.type("Unbroken");
  await page.keyboard.press("Enter");
  let text = "";
  for (let sentence = 0; sentence < 5; sentence++) {
    const words = `This is sentence ${sentence}. `;
    const typing = page.keyboard.type(words, { delay: 5 });
    await Promise.all([typing, killSidecar(erth)]);
    text += words;
    assertEquals(await page.locator("#body").inputValue(), text);
  }
  const id = openId(page);
  await until(async () => (await storedNote(erth, id)).body === text);
  await reads(page.locator("#saved"), "Saved here.");
  assertEquals((await storedNotes(erth)).map(({ title }) => title), ["Unbroken"]);
  await reads(page.locator("#list .item"), "Unbroken");
  await unnoticed();
});

visit("a kill while a note is made makes one note", async ({ page, erth }) => {
  const unnoticed = await watchErrors(page);
  const make = page.getByRole("button", { name: "New", exact: true });
  await killDuring(erth, page, /\/notes$/, () => make.click());
  await page.locator("#title:focus").waitFor();
  await counts(page.locator("#list .item"), 1);
  assertEquals((await storedNotes(erth)).length, 1);
  await unnoticed();
});

visit("a note whose sidecar dies before it can say so is there once", async ({ page, erth }) => {
  const unnoticed = await watchErrors(page);
  const make = page.getByRole("button", { name: "New", exact: true });
  await withFuse(erth, () => make.click());
  await page.locator("#title:focus").waitFor();
  await counts(page.locator("#list .item"), 1);
  assertEquals((await storedNotes(erth)).map(({ id }) => id), [openId(page)]);
  await withFuse(erth, () => page.keyboard.type("Once"));
  await reads(page.locator("#list .item"), "Once");
  await reads(page.locator("#saved"), "Saved here.");
  await unnoticed();
}, FUSED);

visit("a question whose sidecar dies at once is asked once", async ({ page, erth }) => {
  await addNote(erth, "Comets", LONG);
  const unnoticed = await watchErrors(page);
  await page.locator(".composer [name=question]").fill("When was the comet seen?");
  await withFuse(erth, () => page.keyboard.press("Enter"));
  await page.locator(".answer:not([aria-busy]) blockquote").first().waitFor();
  await counts(page.locator(".question"), 1);
  assertEquals((await erth.json<{ threads: [] }>("chat")).threads.length, 1);
  await unnoticed();
}, { ...FUSED, route: "chat" });

visit("a kill while a note is saved saves it once", async ({ page, erth }) => {
  const id = await addNote(erth, "Saved", "before");
  await page.locator(`#n-${id} a`).click();
  await page.locator("#body").waitFor();
  const unnoticed = await watchErrors(page);
  await killDuring(erth, page, /notes\/[\w-]+$/, () => page.locator("#body").fill("after"));
  await reads(page.locator("#saved"), "Saved here.");
  assertEquals((await storedNote(erth, id)).body, "after");
  await page.locator("#body").fill("after that");
  await until(async () => (await storedNote(erth, id)).body === "after that");
  await unnoticed();
});

visit("a kill while a question is sent asks it once", async ({ page, erth }) => {
  await addNote(erth, "Comets", LONG);
  const unnoticed = await watchErrors(page);
  await page.locator(".composer [name=question]").fill("When was the comet seen?");
  await killDuring(erth, page, /\/chat\/new$/, () => page.keyboard.press("Enter"));
  await page.locator(".answer:not([aria-busy]) blockquote").first().waitFor();
  await counts(page.locator(".question"), 1);
  await counts(page.locator(".answer"), 1);
  assertEquals((await erth.json<{ threads: [] }>("chat")).threads.length, 1);
  await unnoticed();
}, { route: "chat" });

visit("an answer goes on after a kill, as if nothing had been", async ({ page, erth }) => {
  await addNote(erth, "Comets", LONG);
  const unnoticed = await watchErrors(page);
  const answers: string[] = [];
  for (const kills of [0, 1, 2]) {
    await page.locator(".composer [name=question]").fill("When was the comet seen?");
    await page.keyboard.press("Enter");
    const answer = page.locator(".answer").nth(answers.length);
    for (let kill = 0; kill < kills; kill++) {
      await answer.locator("blockquote").first().waitFor();
      const length = (await answer.innerText()).length;
      await killSidecar(erth);
      // Or it is complete: rendered, an answer is shorter than its words with all marks of Markdown.
      await until(async () =>
        (await answer.innerText()).length > length ||
        await answer.getAttribute("aria-busy") === null
      );
    }
    await page.locator(".answer:not([aria-busy])").nth(answers.length).waitFor();
    answers.push(await answer.locator(".prose").innerText());
  }
  assert(answers[0]!.includes("day 19."), answers[0]);
  assertEquals(answers[1], answers[0]);
  assertEquals(answers[2], answers[0]);
  await counts(page.locator(".question"), 3);
  await unnoticed();
}, { route: "chat" });

visit("searching and walking about goes on over kills", async ({ page, erth }) => {
  for (const title of ["Apple", "Pear", "Plum"]) await addNote(erth, title, "fruit");
  const unnoticed = await watchErrors(page);
  for (const title of ["Apple", "Pear", "Plum"]) {
    await killSidecar(erth);
    await page.locator("#q").fill(title.toLowerCase());
    await counts(page.locator("#list .item"), 1);
    await page.locator("#list .item").click();
    await until(async () => await page.locator("#title").inputValue() === title);
    await killSidecar(erth);
    await page.getByRole("link", { name: "Chat" }).click();
    await page.locator(".composer [name=question]").waitFor();
    await page.getByRole("link", { name: "Notes" }).click();
    await counts(page.locator("#list .item"), 3);
  }
  await unnoticed();
});

visit("while the gateway stands still the page keeps the text, then saves it", async (visit) => {
  const { page, erth } = visit;
  const id = await addNote(erth, "Patient", "");
  await page.locator(`#n-${id} a`).click();
  await page.locator("#body").waitFor();
  const unnoticed = await watchErrors(page);
  Deno.kill(erth.pid, "SIGSTOP");
  try {
    const sent = page.waitForRequest((it) => it.method() === "POST");
    await page.locator("#body").focus();
    await page.keyboard.type("Written into the void");
    await sent;
    // The wait shows, in time, and the text stays.
    await page.keyboard.type(", and on.");
    assertEquals(await page.locator("#body").inputValue(), "Written into the void, and on.");
  } finally {
    Deno.kill(erth.pid, "SIGCONT");
  }
  await until(async () => (await storedNote(erth, id)).body === "Written into the void, and on.");
  await reads(page.locator("#saved"), "Saved here.");
  await unnoticed();
});

visit("when the gateway is gone the page says so and keeps the text", async ({ page, erth }) => {
  const id = await addNote(erth, "Orphan", "");
  await page.locator(`#n-${id} a`).click();
  await page.locator("#body").waitFor();
  Deno.kill(erth.pid, "SIGKILL");
  await page.locator("#body").fill("Nobody hears this");
  await reads(page.locator("#toasts"), "Erth doesn't answer.");
  await page.getByRole("link", { name: "Chat" }).click();
  await reads(page.locator("#toasts"), "What you wrote is still here.");
  assertEquals(await page.locator("#body").inputValue(), "Nobody hears this");
}, { expected: /ERR_|Failed to fetch/ });
