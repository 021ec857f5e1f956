import { fileURLToPath } from "node:url";
import {
  type Browser,
  type BrowserContext,
  chromium,
  type Locator,
  type Page,
} from "playwright-core";
import type { BrowserContextOptions } from "playwright-core";
import { assertEquals } from "@std/assert";
import { Store } from "../../db/store/store.ts";
import { Erth, poll, type StartOptions } from "../harness.ts";

const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const PATIENCE_MS = 10_000;
const SCREENSHOTS = fileURLToPath(new URL("../../build/screenshots/", import.meta.url));

/** A person at the page of an Erth of their own. */
export interface Visit {
  erth: Erth;
  page: Page;
  context: BrowserContext;
}

/** What a visit is like. */
export interface VisitOptions {
  /** Where the page opens; `notes` by default. */
  route?: string;
  context?: BrowserContextOptions;
  /** What the browser's console may complain of; anything else fails the test. */
  expected?: RegExp;
  start?: StartOptions;
  /** Before the page opens. */
  prepare?: (erth: Erth) => Promise<unknown>;
}

let shared: Promise<Browser> | undefined;
const folder = Deno.makeTempDirSync();
Deno.test.afterAll(async () => {
  await (await shared)?.close();
  await Deno.remove(folder, { recursive: true });
});

/** The browser that all tests of a file share; `args` only count for the first who asks. */
export function browser(args: string[] = []): Promise<Browser> {
  return shared ??= chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [...ARGS, ...args],
  });
}

/** Starts the Erth under test. The tests of a file share what it unpacks. */
export async function startErth(options: StartOptions = {}): Promise<Erth> {
  const home = await Deno.makeTempDir({ dir: folder });
  await Deno.mkdir(`${folder}/cache`, { recursive: true });
  await Deno.symlink(`${folder}/cache`, `${home}/cache`);
  return await Erth.start({ data: home, ...options });
}

/** A test of one visit. It also fails if the page complains: of an error, or of its policy. */
export function visit(
  name: string,
  run: (visit: Visit) => Promise<unknown>,
  options: VisitOptions = {},
): void {
  browserTest(name, async () => {
    await using erth = await startErth(options.start);
    await options.prepare?.(erth);
    const context = await (await browser()).newContext({ ...options.context });
    const complaints = listen(context, options.expected);
    const page = await open(context, erth, options.route);
    try {
      await run({ erth, page, context });
    } catch (error) {
      await screenshot(page, `failed ${name}`).catch(() => {});
      throw error;
    } finally {
      await context.close();
    }
    assertEquals(complaints, [], "The page complained");
  });
}

/** A test that may leave the browser running. */
export function browserTest(name: string, fn: () => Promise<unknown>): void {
  Deno.test({
    name,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => void await fn(),
  });
}

/** Collects what the pages of a context complain of. */
export function listen(context: BrowserContext, expected?: RegExp): string[] {
  const complaints: string[] = [];
  const complain = (text: string) => {
    if (!expected?.test(text)) complaints.push(text);
  };
  context.on("weberror", (error) => complain(`Thrown: ${error.error()}`));
  context.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complain(message.text());
  });
  return complaints;
}

/** Opens another page and waits until its first fragment is there. */
export async function open(context: BrowserContext, erth: Erth, route = "notes"): Promise<Page> {
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  await page.goto(`${await erth.launchUrl()}&to=${route}`);
  await arrive(page);
  return page;
}

/** Waits until the screen, or what went wrong with it, stands in the frame. */
export async function arrive(page: Page): Promise<void> {
  const arrived = page.locator("#main:not([aria-label=Loading]), #screen > .error");
  await arrived.first().waitFor({ state: "attached" });
}

/** Waits until `ask` holds, as long as a patient person would. */
export async function until(ask: () => boolean | Promise<boolean>): Promise<void> {
  await poll(ask, PATIENCE_MS);
}

/** Waits until an element, or the first of several, has this text somewhere. */
export async function reads(locator: Locator, text: string): Promise<void> {
  await locator.filter({ hasText: text }).first().waitFor();
}

/** Waits until there are `count` of an element. */
export async function counts(locator: Locator, count: number): Promise<void> {
  await until(async () => await locator.count() === count).catch(async () => {
    assertEquals(await locator.count(), count, String(locator));
  });
}

/** Stores a note as a script would; its id. */
export async function addNote(erth: Erth, title: string, body = "", tags = ""): Promise<string> {
  return (await erth.json<{ id: string }>("notes", { title, body, tags })).id;
}

/** Writes as the mirror does: from another connection, telling the page afterwards. */
export async function mirrored(erth: Erth, sql: string, ...values: string[]): Promise<void> {
  const path = `${erth.data}/local_edge.db`;
  const store = await Store.open({ path, synchronous: "NORMAL" });
  store.change(sql, ...values);
  store.close();
  await addNote(erth, "Arrived as well");
}

/** A version of a note or a name of a thread that lost, as the mirror leaves it. */
export async function lost(
  erth: Erth,
  id: string,
  cells: Record<string, string>,
  table = "notes",
): Promise<void> {
  const sql = "INSERT INTO conflicts VALUES (?, ?, ?, ?, 'LAPTOP', '2026-11-22T14:02:00.000Z')";
  await mirrored(erth, sql, crypto.randomUUID(), table, id, JSON.stringify(cells));
}

/** One note as it is stored. */
export function storedNote(
  erth: Erth,
  id: string,
): Promise<{ title: string; body: string; tags: string[]; pinned: boolean }> {
  return erth.json(`notes/${id}`);
}

/** All notes as they are stored, without their text. */
export async function storedNotes(erth: Erth): Promise<{ id: string; title: string }[]> {
  return (await erth.json<{ notes: { id: string; title: string }[] }>("notes")).notes;
}

/** The last part of the page's address: the id of the note or thread that is open. */
export function openId(page: Page): string {
  return new URL(page.url()).pathname.split("/").at(-1)!;
}

/** Keeps a picture of the page in `build/screenshots/`. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const file = name.replace(/[^\w]+/g, "-").slice(0, 80);
  await page.screenshot({ path: `${SCREENSHOTS}${file}.png` });
}
