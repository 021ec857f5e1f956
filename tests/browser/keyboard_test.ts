/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
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

const FAR = 40;

/** Name and sign of focus of what has it. */
function focused(page: Page): Promise<{ name: string; visible: boolean }> {
  return page.evaluate(() => {
    const element = document.activeElement!;
    // Between the last stop and the first the browser's own controls have it.
    if (element === document.body) return { name: "", visible: true };
    const name = element.getAttribute("aria-label") ?? element.textContent ?? "";
    // A text field may leave it to its frame to show the focus, or to the caret.
    const around = [element, ...element.matches("input, textarea") ? [element.parentElement!] : []];
    const visible = around.map((it) =>
      getComputedStyle(it)
    ).some((style) =>
      (style.outlineStyle !== "none" && style.outlineWidth !== "0px") || style.boxShadow !== "none"
    ) || element.matches("input:not([type=search]), textarea");
    return { name: name.trim().replace(/\s+/g, " "), visible };
  });
}

/** Presses Tab until something of this name has the focus; all on the way must show theirs. */
async function tabTo(page: Page, name: string, key = "Tab"): Promise<void> {
  const passed: string[] = [];
  for (let step = 0; step < FAR; step++) {
    await page.keyboard.press(key);
    const now = await focused(page);
    assert(now.visible, `The focus can't be seen on '${now.name}'`);
    if (now.name.startsWith(name)) return;
    passed.push(now.name.slice(0, 30));
  }
  throw new Error(`Cannot reach '${name}' by ${key}: passed ${passed}`);
}

visit("from a new note to its undone deletion without a mouse", async ({ page, erth }) => {
  await page.keyboard.press("n");
  await page.locator("#title:focus").waitFor();
  await page.keyboard.type("Observatory");
  await page.keyboard.press("Enter");
  await page.locator("#body:focus").waitFor();
  await page.keyboard.type("The telescope stands on the northern hill.");
  await page.keyboard.press("Control+s");
  await reads(page.locator("#saved"), "Saved here.");
  const id = openId(page);

  await tabTo(page, "Search notes", "Shift+Tab");
  await page.keyboard.type("north");
  await reads(page.locator("#list mark"), "north");
  await page.keyboard.press("ArrowDown");
  await page.locator(`#n-${id} a:focus`).waitFor();
  await page.keyboard.press("Enter");
  await page.locator("#body").waitFor();

  await page.keyboard.press("Control+k");
  await page.keyboard.type("chat");
  await reads(page.locator("#found .item").first(), "Chat");
  await page.keyboard.press("Enter");
  await page.locator(".composer [name=question]:focus").waitFor();
  await page.keyboard.type("Where does the telescope stand?");
  await page.keyboard.press("Enter");
  await reads(page.locator(".answer:not([aria-busy]) .cites"), "Observatory");
  await tabTo(page, "Answer anew", "Shift+Tab");
  await tabTo(page, "Observatory", "Shift+Tab");
  await page.keyboard.press("Enter");
  await reads(page.locator(".reader h1"), "Observatory");

  await tabTo(page, "Delete");
  await page.keyboard.press("Enter");
  await reads(page.locator(".toast"), "“Observatory” is deleted.");
  assertEquals(await storedNotes(erth), []);
  await tabTo(page, "Undo");
  await page.keyboard.press("Enter");
  await page.locator("#body").waitFor();
  const note = await storedNote(erth, id);
  assertEquals(note.body, "The telescope stands on the northern hill.");
  assertEquals(note.title, "Observatory");
});

visit("the arrows go through the list, / to its search", async ({ page, erth }) => {
  for (const title of ["C", "B", "A"]) await addNote(erth, title);
  await counts(page.locator("#list .item"), 3);
  await page.keyboard.press("/");
  await page.locator("#q:focus").waitFor();
  for (const title of ["A", "B", "C"]) {
    await page.keyboard.press("ArrowDown");
    assertEquals((await focused(page)).name.slice(0, 1), title);
  }
  await page.keyboard.press("ArrowUp");
  assertEquals((await focused(page)).name.slice(0, 1), "B");
  await page.keyboard.press("Enter");
  await until(async () => await page.locator("#title").inputValue() === "B");
});

visit("keys are letters where one writes", async ({ page, erth }) => {
  await page.keyboard.press("n");
  await page.locator("#title:focus").waitFor();
  await page.keyboard.type("n/?");
  assertEquals(await page.locator("#title").inputValue(), "n/?");
  assertEquals((await storedNotes(erth)).length, 1);
  await page.locator("#keys").waitFor({ state: "hidden" });
});

visit("Ctrl+N makes a note while one writes another", async ({ page, erth }) => {
  await page.keyboard.press("n");
  await page.locator("#title:focus").waitFor();
  await page.keyboard.type("First");
  const first = openId(page);
  // Browsers keep Ctrl+N for themselves; the window hands it to the page.
  await page.evaluate(() => {
    const init = { key: "n", ctrlKey: true, bubbles: true, cancelable: true };
    document.activeElement!.dispatchEvent(new KeyboardEvent("keydown", init));
  });
  await until(() => openId(page) !== first);
  await until(async () => await page.locator("#title").inputValue() === "");
  await until(async () => (await storedNote(erth, first)).title === "First");
  assertEquals((await storedNotes(erth)).length, 2);
});

visit("Ctrl+E turns from writing to reading and back", async ({ page }) => {
  await page.keyboard.press("n");
  await page.locator("#title:focus").waitFor();
  await page.keyboard.press("Enter");
  await page.keyboard.type("some *words*");
  await page.keyboard.press("Control+e");
  await reads(page.locator(".prose em"), "words");
  await page.keyboard.press("Control+e");
  await until(async () => await page.locator("#body").inputValue() === "some *words*");
});

visit("Esc stops an answer", async ({ page, erth }) => {
  const body = Array.from({ length: 60 }, (_, at) => `The comet came on day ${at}.`).join(" ");
  await addNote(erth, "Comets", body);
  await page.locator(".composer [name=question]").fill("When did the comet come?");
  await page.keyboard.press("Enter");
  await page.locator(".answer[aria-busy]").waitFor();
  await page.keyboard.press("Escape");
  await reads(page.locator(".answer footer"), "You stopped this answer.");
}, { route: "chat" });

visit("Esc closes what is open, and the focus goes back", async ({ page }) => {
  await page.keyboard.press("n");
  await page.locator("#title:focus").waitFor();
  for (const key of ["Control+k", "Control+k"]) {
    await page.keyboard.press(key);
    await page.locator("#palette input:focus").waitFor();
    await page.keyboard.press("Escape");
    await page.locator("#palette").waitFor({ state: "hidden" });
    await page.locator("#title:focus").waitFor();
  }
});

visit("a deleted note hands the focus to the next one", async ({ page, erth }) => {
  for (const title of ["C", "B", "A"]) await addNote(erth, title);
  await page.locator("#list .item", { hasText: "B" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Delete" }).focus();
  await page.keyboard.press("Enter");
  await counts(page.locator("#list .item"), 2);
  await until(async () => (await focused(page)).name.startsWith("C"));
});

for (const route of ["notes", "chat", "status"]) {
  visit(`Tab goes through all of ${route} and shows where it is`, async ({ page, erth }) => {
    await addNote(erth, "Note");
    await erth.json("chat", { title: "Thread" });
    await tabTo(page, "Status");
    await tabTo(page, { notes: "Note", chat: "Thread", status: "Report" }[route]!);
    await tabTo(page, "New");
  }, { route });
}
