/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import { Store } from "../../db/store/store.ts";
import type { Erth } from "../harness.ts";
import { counts, open, openId, reads, until } from "./browser.ts";
import { answered, ask, chat, fromEnd, messages } from "./chat_support.ts";

const LINES = Array.from({ length: 80 }, (_, at) => `Line ${at} of a long answer.\n\n`);

chat("an answer shows word by word, and as Markdown", async ({ page, model, erth }) => {
  const answer = model.open();
  await ask(page, "Say something");
  const prose = page.locator(".answer .prose");
  for (
    const [words, shown] of [["Some ", "Some"], ["**bold", "bold"], ["** words", "bold words"]]
  ) {
    answer.say(words!);
    await reads(prose, shown!);
  }
  await reads(prose.locator("strong"), "bold");
  answer.say("\n\n```py\nx = 1\n");
  await reads(prose.locator(".code code"), "x = 1");
  answer.end();
  await answered(page);
  await reads(page.locator(".code .top"), "py");
  await reads(page.locator(".answer .cost"), "scripted");
  assertEquals((await messages(erth, page))[1]!.body, "Some **bold** words\n\n```py\nx = 1\n");
  assertEquals(await page.locator(".tail").count(), 0);
});

chat("Esc stops an answer, and the model with it", async ({ page, model, erth }) => {
  const answer = model.open();
  await ask(page, "Say something");
  answer.say("Half an ");
  await reads(page.locator(".answer .prose"), "Half an");
  await page.keyboard.press("Escape");
  await reads(page.locator(".answer footer"), "You stopped this answer.");
  await until(() => model.left === 1);
  await page.locator(".composer [name=question]:focus").waitFor();
  const [, stored] = await messages(erth, page);
  assertEquals([stored!.state, stored!.body.trim()], ["stopped", "Half an"]);
});

chat("an answer is written anew, and Undo brings the first one back", async ({ page, model }) => {
  model.next("The first.");
  await ask(page, "Which?");
  await reads(page.locator(".answer .prose"), "The first.");
  await answered(page);
  model.next("The second.");
  await page.getByRole("button", { name: "Answer anew" }).click();
  await reads(page.locator(".answer .prose"), "The second.");
  await answered(page);
  await counts(page.locator(".answer"), 1);
  await page.locator(".toast button", { hasText: "Undo" }).click();
  await reads(page.locator(".answer .prose"), "The first.");
  await counts(page.locator(".answer"), 1);
});

chat("who reads the end sees it grow, who reads above stays there", async ({ page, model }) => {
  const answer = model.open();
  await ask(page, "At length");
  for (const line of LINES.slice(0, 40)) answer.say(line);
  await reads(page.locator(".answer .prose"), "Line 39");
  assertEquals(await fromEnd(page), 0);
  await page.locator("#jump").waitFor({ state: "hidden" });
  await page.locator(".scroll").hover();
  // What is swapped in just then may stop a wheel's scrolling: a person would turn it again.
  await until(async () => {
    await page.mouse.wheel(0, -900);
    await page.locator(".scroll").evaluate(atRest);
    return await page.locator("#jump").isVisible();
  });
  // Its own paragraph: until Markdown is rendered, all lines stand in one.
  const line = page.locator(".answer .prose > p", { hasText: /^Line 10 of/ });
  const before = (await line.boundingBox())!.y;
  for (const line of LINES.slice(40)) answer.say(line);
  await reads(page.locator(".answer .prose"), "Line 79");
  answer.end();
  await answered(page);
  const moved = Math.abs((await line.boundingBox())!.y - before);
  assert(moved <= 2, `What one reads moved by ${moved} px`);
  await page.keyboard.press("Control+End");
  await until(async () => await fromEnd(page) === 0);
  await page.locator("#jump").waitFor({ state: "hidden" });
  await page.locator(".composer [name=question]:focus").waitFor();
  await page.keyboard.press("PageUp");
  await until(async () => await fromEnd(page) > 100);
});

chat("an answer goes on over a reload, in a second tab, and behind closed ones", async (it) => {
  const { page, model, context, erth } = it;
  const answer = model.open();
  await ask(page, "At length");
  answer.say("One ");
  await reads(page.locator(".answer .prose"), "One");
  await page.reload();
  await reads(page.locator(".answer .prose"), "One");
  answer.say("two ");
  await reads(page.locator(".answer .prose"), "One two");
  const route = `chat/${openId(page)}`;
  const second = await open(context, erth, route);
  answer.say("three ");
  for (const tab of [page, second]) await reads(tab.locator(".answer .prose"), "One two three");
  await page.close();
  answer.say("four ");
  await reads(second.locator(".answer .prose"), "two three four");
  await second.close();
  answer.say("five.");
  answer.end();
  const late = await open(context, erth, route);
  await answered(late);
  await reads(late.locator(".answer .prose"), "One two three four five.");
});

chat("an answer whose sidecar dies is there, and says so", async ({ page, model, erth }) => {
  const answer = model.open();
  await ask(page, "At length");
  answer.say("As far as this ");
  await reads(page.locator(".answer .prose"), "As far as this");
  await isStored(erth, "As far as this");
  const pid = await erth.sidecar();
  Deno.kill(pid, "SIGKILL");
  await erth.sidecar(pid);
  await answered(page);
  await reads(page.locator(".answer"), "As far as this");
  const [, stored] = await messages(erth, page);
  assert(stored!.body.includes("As far as this"));
});

/** Waits until an answer under way is in the store as far as this: the page has it a moment before. */
async function isStored(erth: Erth, words: string): Promise<void> {
  const path = `${erth.data}/local_edge.db`;
  const store = await Store.open({ path, synchronous: "NORMAL" });
  const sql = "SELECT 1 FROM answers WHERE instr(body, ?) > 0";
  await until(() => store.rows(sql, words).length > 0).finally(() => store.close());
}

/** In the page: resolves once the box has been at rest for a while, as scrolling takes its time. */
function atRest(box: Element): Promise<void> {
  return new Promise((resolve) => {
    let was = NaN;
    let still = 0;
    const look = () => {
      still = box.scrollTop === was ? still + 1 : 0;
      was = box.scrollTop;
      if (still > 15) resolve();
      else requestAnimationFrame(look);
    };
    look();
  });
}
