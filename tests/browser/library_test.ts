/// <reference lib="dom" />
import { Buffer } from "node:buffer";
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import type { Erth } from "../harness.ts";
import { addNote, counts, open, reads, until, visit } from "./browser.ts";

interface Listed {
  id: string;
  name: string;
  state: string;
  code: string | null;
}

const files = async (erth: Erth) => (await erth.json<{ files: Listed[] }>("library")).files;
const text = (name: string, words: string) => ({
  name,
  mimeType: "text/plain",
  buffer: Buffer.from(words),
});

/** Adds a file as a script would, and waits until it is read; its id. */
async function addFile(erth: Erth, name: string, words: string): Promise<string> {
  const path = `${erth.data}/${name}`;
  await Deno.writeTextFile(path, words);
  const { id } = await erth.json<{ id: string }>("library", { path });
  await until(async () =>
    !/waiting|reading/.test((await erth.json<Listed>(`library/${id}`)).state)
  );
  return id;
}

/** Whether the marked passage stands within what one sees of the text. */
function passageInSight(page: Page): Promise<boolean> {
  return page.locator("mark.sought").first().evaluate((mark) => {
    const { top, bottom } = mark.getBoundingClientRect();
    const pane = mark.closest(".pane")!.getBoundingClientRect();
    return top >= pane.top + 56 && bottom <= pane.bottom;
  });
}

visit("an empty Library says what to do first, and files can be chosen", async ({ page, erth }) => {
  await reads(page.locator("#main"), "Files that your answers may use");
  await page.locator("#main [data-upload]").setInputFiles([
    text("Bread.md", "# Rye\n\nFlour and water."),
    text("Lease.txt", "The rent is due on the first."),
  ]);
  await counts(page.locator("#list .item"), 2);
  await page.locator("#list .item", { hasText: "Lease" }).click();
  await reads(page.locator(".words"), "The rent is due on the first.");
  assert((await page.title()).startsWith("Lease.txt"));
  assertEquals((await files(erth)).map(({ state }) => state), ["ready", "ready"]);
  // The same one again is kept once.
  await page.locator("#screen header [data-upload]").setInputFiles([
    text("Copy.md", "# Rye\n\nFlour and water."),
  ]);
  await reads(page.locator("#toasts"), "Copy.md");
  await until(async () => await page.locator("#toasts .lasting").count() === 0);
  assertEquals((await files(erth)).length, 2);
}, { route: "library" });

visit("a file can be dropped; one that isn't text is refused with the reason", async ({ page }) => {
  const drop = (name: string, bytes: number[]) =>
    page.evaluate(([name, bytes]) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([new Uint8Array(bytes)], name));
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true }));
    }, [name, bytes] as const);
  await drop("dropped.txt", [...new TextEncoder().encode("Dropped words")]);
  await reads(page.locator("#list .item"), "dropped.txt");
  await drop("photo.png", Array.from({ length: 2000 }, (_, at) => at % 256));
  await reads(page.locator("#toasts"), "Save it as one of those");
  await counts(page.locator("#list .item"), 1);
}, { route: "library", expected: /415/ });

visit("files are found by name and by how they stand", async ({ page, erth }) => {
  for (const name of ["Lease 2024.txt", "Lease 2025.txt", "Bread.txt"]) {
    await addFile(erth, name, `${name} and its words`);
  }
  const bad = await addFile(erth, "broken.pdf", "%PDF-1.7 and nothing more");
  await counts(page.locator("#list .item"), 4);
  await page.keyboard.press("/");
  await page.keyboard.type("2025 lease");
  await counts(page.locator("#list .item"), 1);
  await page.locator("#q").fill("");
  await counts(page.locator("#list .item"), 4);
  await page.locator("#list .chip", { hasText: "Not read" }).click();
  await counts(page.locator("#list .item"), 1);
  await page.locator(`#f-${bad} a`).click();
  await reads(page.locator("#main [role=alert]"), "This file is damaged.");
  await page.getByRole("button", { name: "Read it again" }).click();
  await reads(page.locator("#main [role=alert]"), "It isn't a whole PDF.");
  await page.getByRole("link", { name: "Show all" }).click();
  await counts(page.locator("#list .item"), 4);
}, { route: "library" });

visit("a passage opens marked and in sight, in a file and in a note", async (visit) => {
  const { page, erth, context } = visit;
  const lines = Array.from(
    { length: 5000 },
    (_, number) => `Line ${number} says <b>nothing</b>.\n`,
  );
  const body = lines.join("");
  const at = body.indexOf("Line 3210 ");
  const id = await addFile(erth, "long.txt", body);
  const other = await open(context, erth, `library/${id}%3Fat%3D${at}-${at + 9}`);
  await until(() => passageInSight(other));
  assertEquals(await other.locator("mark.sought").innerText(), "Line 3210");
  await counts(other.locator(".words b"), 0);
  // What follows comes when one scrolls there, what went before by a link.
  await other.locator(".turn").last().scrollIntoViewIfNeeded();
  await until(async () => (await other.locator(".words").count()) === 2);
  await other.getByRole("link", { name: "Earlier" }).click();
  await until(async () =>
    !(await other.locator(".words").first().innerText()).includes("Line 3210")
  );

  const note = `${"Flour.\n\n".repeat(80)}Bake at **250** degrees.\nThen rest.\n\n${
    "End.\n\n".repeat(80)
  }`;
  const start = note.indexOf("Bake");
  const noteId = await addNote(erth, "Bread", note);
  await page.evaluate(
    (path) => {
      const link = Object.assign(document.createElement("a"), {
        href: path,
        textContent: "source",
      });
      document.querySelector("#main")!.replaceChildren(link);
      (globalThis as unknown as { htmx: { process(it: Element): void } }).htmx.process(link);
      link.click();
    },
    `notes/${noteId}?at=${start}-${start + 10}`,
  );
  await until(() => passageInSight(page));
  assertEquals((await page.locator("mark.sought").innerText()).trim(), "Bake at 250 degrees.");
  await page.reload();
  await until(() => passageInSight(page));
}, { route: "library" });

visit("a deleted file comes back, and its copy is saved, never shown", async ({ page, erth }) => {
  const id = await addFile(erth, "Ünï code.html", "<h1>Head</h1><script>evil = 1</script><p>Words");
  await page.locator("#list .item").click();
  await reads(page.locator(".words"), "Words");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Save a copy" }).click(),
  ]);
  assertEquals(download.suggestedFilename(), "Ünï code.html");
  const answer = await erth.fetch(`library/${id}/original.bin`);
  assertEquals(answer.headers.get("content-type"), "application/octet-stream");
  assert(answer.headers.get("content-disposition")!.startsWith("attachment"));
  assert((await answer.text()).includes("<script>evil"));

  await page.getByRole("button", { name: "Delete" }).click();
  await counts(page.locator("#list .item"), 0);
  await page.getByRole("button", { name: "Undo" }).click();
  await counts(page.locator("#list .item"), 1);
  await reads(page.locator(".words"), "Words");
  // Deleted elsewhere while it is open: it can be brought back from there.
  await erth.json(`library/${id}/delete`, {});
  await page.getByRole("button", { name: "Bring it back" }).click();
  await reads(page.locator(".words"), "Words");
  assertEquals((await files(erth)).length, 1);
}, { route: "library" });

visit("a file is attached to a conversation, removed, and taken back", async (visit) => {
  const { page, erth, context } = visit;
  const { id } = await erth.json<{ id: string }>("chat", { title: "About the lease" });
  const chat = await open(context, erth, `chat/${id}`);
  await chat.locator(".thread [data-upload]").setInputFiles([
    text("Lease.txt", "Due on the first."),
  ]);
  const chip = chat.locator(".attached .file-chip");
  await reads(chip, "Lease.txt");
  await chat.locator(".attached [data-state=ready]").waitFor();
  assertEquals(await files(erth), []);
  await chat.getByRole("button", { name: "Remove Lease.txt" }).click();
  await counts(chip, 0);
  await chat.getByRole("button", { name: "Undo" }).click();
  await chip.getByRole("link").click();
  await reads(chat.locator(".words"), "Due on the first.");
  await counts(page.locator("#list .item"), 0);
}, { route: "library" });

visit("an answer cites a file, and a click opens it at the passage", async (visit) => {
  const { erth, context } = visit;
  const filler = Array.from({ length: 900 }, (_, at) => `Room ${at} has two windows.\n\n`);
  filler[700] = "The deposit is three months of rent and comes back within half a year.\n\n";
  await addFile(erth, "Lease.txt", filler.join(""));
  const { id } = await erth.json<{ id: string }>("chat", { title: "The lease" });
  const chat = await open(context, erth, `chat/${id}`);
  await chat.locator(".composer [name=question]").fill("When does the deposit come back?");
  await chat.keyboard.press("Enter");
  await chat.locator(".answer a[href^='library/']").first().click();
  await until(() => passageInSight(chat));
  await reads(chat.locator("mark.sought"), "comes back within half a year");
}, { route: "library" });

visit("a page can't make Erth take a file by its path", async ({ page, erth }) => {
  const status = await page.evaluate(async () => {
    const body = new URLSearchParams({ path: "/etc/hostname" });
    return (await fetch("library", { method: "POST", body })).status;
  });
  assertEquals(status, 400);
  assertEquals(await files(erth), []);
}, { route: "library", expected: /400/ });
