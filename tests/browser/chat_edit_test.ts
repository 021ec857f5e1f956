/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { counts, openId, reads, screenshot, until } from "./browser.ts";
import { answered, ask, chat, messages } from "./chat_support.ts";

const CLIPBOARD = { context: { permissions: ["clipboard-read", "clipboard-write"] } };

function clipboard(page: Page): Promise<string> {
  return page.evaluate(() => navigator.clipboard.readText());
}

function undo(page: Page): Promise<void> {
  return page.locator(".toast").last().getByRole("button", { name: "Undo" }).click();
}

chat(
  "a question is edited by keyboard; what follows is replaced, Undo brings it back",
  async (it) => {
    const { page, model, erth } = it;
    model.next("Four.");
    await ask(page, "Two and two?");
    await answered(page);
    model.next("Six.");
    await page.keyboard.press("ArrowUp");
    const field = page.locator(".edit textarea");
    await field.and(page.locator(":focus")).waitFor();
    await page.keyboard.press("Escape");
    await page.locator(".composer [name=question]:focus").waitFor();
    await counts(page.locator(".edit"), 0);
    await page.keyboard.press("ArrowUp");
    // What others change meanwhile doesn't disturb it.
    await field.fill("Three and three?");
    await erth.json("notes", { title: "Meanwhile" });
    await erth.json(`chat/${openId(page)}/rename`, { title: "Sums" });
    await until(async () => await page.locator("#name").inputValue() === "Sums");
    assertEquals(await field.inputValue(), "Three and three?");
    await page.keyboard.press("Control+Enter");
    await reads(page.locator(".question"), "Three and three?");
    await reads(page.locator(".answer .prose"), "Six.");
    await answered(page);
    await counts(page.locator(".question"), 1);
    assertEquals(model.asked.at(-1)!.messages.filter(({ role }) => role === "user").length, 1);
    await undo(page);
    await reads(page.locator(".question"), "Two and two?");
    await reads(page.locator(".answer .prose"), "Four.");
    const bodies = (await messages(erth, page)).map(({ body }) => body);
    assertEquals(bodies, ["Two and two?", "Four."]);
  },
);

chat("a question is edited by mouse, an earlier one too", async ({ page, model }) => {
  for (const [at, word] of ["One.", "Two."].entries()) {
    model.next(word);
    await ask(page, `Question ${at}?`);
    await answered(page, at + 1);
  }
  model.next("Anew.");
  await page.locator(".asked").first().hover();
  await page.getByRole("button", { name: "Edit the question" }).first().click();
  await page.locator(".edit textarea").fill("Something else?");
  await page.getByRole("button", { name: "Ask this instead" }).click();
  await reads(page.locator(".answer .prose"), "Anew.");
  await counts(page.locator(".question"), 1);
  await undo(page);
  await counts(page.locator(".question"), 2);
  await reads(page.locator(".answer .prose").last(), "Two.");
});

chat("answer, question and code are copied as they were written", async ({ page, model }) => {
  const text = "Use **this**:\n\n```sh\necho 'a < b'\n```\n";
  model.next(text);
  await ask(page, "How <b>?");
  await answered(page);
  await page.getByRole("button", { name: "Copy the answer" }).click();
  await reads(page.locator("#said"), "Copied.");
  assertEquals((await clipboard(page)).trim(), text.trim());
  await page.getByRole("button", { name: "Copy this code" }).focus();
  await page.keyboard.press("Enter");
  await until(async () => await clipboard(page) === "echo 'a < b'\n");
  await page.locator(".asked").hover();
  await page.getByRole("button", { name: "Copy the question" }).click();
  await until(async () => await clipboard(page) === "How <b>?");
}, CLIPBOARD);

chat("without the clipboard's permission it copies all the same", async ({ page, model }) => {
  model.next("To be copied.");
  await ask(page, "What?");
  await answered(page);
  await page.evaluate(() => {
    Object.defineProperty(navigator, "clipboard", { value: undefined });
    document.addEventListener("copy", () => {
      (globalThis as unknown as { copied: string }).copied = getSelection()!.toString();
    });
  });
  const button = page.getByRole("button", { name: "Copy the answer" });
  await button.click();
  await reads(page.locator("#said"), "Copied.");
  assertEquals(
    await page.evaluate(() => (globalThis as unknown as { copied: string }).copied),
    "To be copied.",
  );
  await button.and(page.locator(":focus")).waitFor();
});

chat("a message is deleted and comes back where it stood", async ({ page, model }) => {
  model.next("One.");
  await ask(page, "First?");
  await answered(page);
  await page.locator(".asked").hover();
  await page.getByRole("button", { name: "Delete the question" }).click();
  await counts(page.locator(".question"), 0);
  await counts(page.locator(".answer"), 1);
  await undo(page);
  await reads(page.locator(".question"), "First?");
  await counts(page.locator(".answer"), 1);
  await page.getByRole("button", { name: "Delete the answer" }).click();
  await counts(page.locator(".answer"), 0);
});

chat("a star puts a conversation on top", async ({ page, erth }) => {
  const old = (await erth.json<{ id: string }>("chat", { title: "Old" })).id;
  await erth.json("chat", { title: "New" });
  await counts(page.locator("#threads .item"), 2);
  await page.locator(`#t-${old} a`).click();
  const star = page.getByRole("button", { name: "Star" });
  await star.click();
  await until(async () => await star.getAttribute("aria-pressed") === "true");
  await reads(page.locator("#threads .item").first(), "Old");
  await star.press("Enter");
  await until(async () => await star.getAttribute("aria-pressed") === "false");
  await reads(page.locator("#threads .item").first(), "New");
});

chat("what was said is found over all conversations and within one", async ({ page, model }) => {
  model.next("The comet is called Halley.");
  await ask(page, "What is it called?");
  await answered(page);
  model.next("In 1986.");
  await ask(page, "When was it here?");
  await answered(page, 2);
  await page.locator(".list a[aria-label='New conversation']").click();
  await page.locator(".asking").waitFor();
  await page.locator("#q").pressSequentially("halley");
  await reads(page.locator("#threads mark"), "Halley");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  const found = page.locator("[data-at]");
  await reads(found, "Halley");
  await page.locator(".composer [name=question]").focus();
  await page.keyboard.press("Control+f");
  await page.locator(".within input:focus").waitFor();
  await page.keyboard.type("1986");
  await reads(page.locator(".within mark"), "1986");
  await screenshot(page, "chat search within");
  await page.keyboard.press("Enter");
  await reads(found, "In 1986.");
  await page.locator(".within").waitFor({ state: "hidden" });
  assert((await found.boundingBox())!.y > 0);
});

chat("a conversation leaves as a file and comes back by import", async ({ page, model, erth }) => {
  model.next("Because of **light**.");
  await ask(page, "Why is the sky blue?");
  await answered(page);
  const save = async (name: string) => {
    await page.getByRole("button", { name: "Model and more" }).click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name }).click(),
    ]);
    await page.keyboard.press("Escape");
    return { name: download.suggestedFilename(), path: await download.path() };
  };
  const markdown = await save("Save as Markdown");
  assert(markdown.name.endsWith(".md"), markdown.name);
  assert((await Deno.readTextFile(markdown.path)).includes("Because of **light**."));
  const json = await save("Save as JSON");
  const first = openId(page);
  await erth.json(`chat/${first}/delete`, {});
  await page.locator("[data-import]").setInputFiles(json.path);
  await until(() => openId(page) !== first);
  await reads(page.locator(".question"), "Why is the sky blue?");
  await reads(page.locator(".answer strong"), "light");
  const broken = `${json.path}.txt`;
  await Deno.writeTextFile(broken, "{");
  await page.locator("[data-import]").setInputFiles(broken);
  await reads(page.locator("#toasts"), "IMPORT_UNREADABLE");
}, { expected: /4\d\d/ });
