/// <reference lib="dom" />
import { assertEquals } from "@std/assert";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { addNote, arrive, counts, lost, reads, screenshot, until, visit } from "./browser.ts";
import type { Erth } from "../harness.ts";
import { ggufLike, ModelServer } from "../fixtures/model_server.ts";
import { ScriptedModel } from "../fixtures/scripted_model.ts";
import { answered, ask, connect } from "./chat_support.ts";
import { Sqld } from "../mirror/sqld.ts";
import { writeModel } from "../models/support.ts";

const WIDTHS = [360, 1600];
const BODY = "# Crumb\n\nFlour and **water**, [a link](https://example.org).\n\n- one\n- two\n\n" +
  "```\na long line of code that is wider than a telephone, or so one would think at first\n```\n\n" +
  "| hour | what to do | and why it is done |\n|---|---|---|\n| 9 | fold it over and over | strengthofthedough |\n\n" +
  "Averyveryveryveryveryveryveryveryveryverylongwordthatdoesnotfitintoonelineofatelephone.";

interface Finding {
  id: string;
  impact?: string | null;
  nodes: { html: string; failureSummary?: string }[];
}

/** What axe finds on the page as it is that is serious or critical. */
async function findings(page: Page): Promise<string[]> {
  if (!await page.evaluate(() => "axe" in globalThis)) await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run: () => Promise<{ violations: Finding[] }> } }).axe.run()
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`)}`);
}

/** What sticks out to the right, scrolls sideways without being made for it, or hides the rail. */
function overflows(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const scrolls = (it: Element) => /auto|scroll|hidden|clip/.test(getComputedStyle(it).overflowX);
    const clips = (it: Element | null): boolean =>
      it !== null && it !== document.body &&
      ((scrolls(it) && it.getBoundingClientRect().right <= innerWidth + 1) ||
        clips(it.parentElement));
    const name = (it: Element) => `${it.tagName}#${it.id}.${it.className}`;
    const everything = [...document.querySelectorAll("body *")];
    const out = everything.filter((it) =>
      it.checkVisibility() && it.getBoundingClientRect().right > innerWidth + 1 &&
      !clips(it.parentElement)
    );
    const sideways = [...document.querySelectorAll(".pane, .scroll, .list, #list, #threads, html")]
      .filter((it) => it.scrollWidth > it.clientWidth + 1);
    const rail = document.querySelector(".rail")!.getBoundingClientRect();
    const over = [...document.querySelectorAll("#toasts > *")].filter((it) => {
      const { left, bottom } = it.getBoundingClientRect();
      return left < rail.right && bottom > rail.top;
    });
    return [...out, ...sideways, ...over].map(name);
  });
}

async function addContent(erth: Erth): Promise<{ note: string; thread: string }> {
  await addNote(erth, "Groceries", "Milk\n\nEggs", "home, errands");
  await addNote(erth, "", "A note without a title, though with rather many words in its text.");
  const pinned = await addNote(
    erth,
    "会议 and Straßenbahn with a title that is long",
    "text",
    "work",
  );
  await erth.json(`notes/${pinned}/pin`, { pinned: "1" });
  const note = await addNote(erth, "Bread", BODY, "baking");
  const { id: thread } = await erth.json<{ id: string }>("chat", { title: "Flour and water" });
  await erth.json("chat", { title: "Another conversation" });
  await erth.json(`chat/${thread}/messages`, { question: "What goes with flour?" });
  return { note, thread };
}

/** Adds a file as a script would, and waits until it is read or has failed; its id. */
async function addFile(erth: Erth, name: string, words: string, thread = ""): Promise<string> {
  const path = `${erth.data}/${name}`;
  await Deno.writeTextFile(path, words);
  const { id } = await erth.json<{ id: string }>("library", { path, thread });
  await until(async () =>
    /ready|failed/.test((await erth.json<{ state: string }>(`library/${id}`)).state)
  );
  return id;
}

/** One way through screens and dialogs: stops where there is something to look at. */
type Walk = (at: { page: Page; erth: Erth; go: Go }) => AsyncGenerator<string>;
type Go = (route: string) => Promise<void>;

const WALKS: Record<string, Walk> = {
  "without content": async function* ({ go }) {
    yield "notes empty";
    await go("chat");
    yield "chat empty";
  },
  "of Notes": async function* ({ page, erth, go }) {
    const { note, thread } = await addContent(erth);
    await go("notes");
    yield "notes";
    await go("notes?q=flour");
    yield "notes found";
    await go("notes?q=zzzz");
    yield "notes not found";
    await go("notes?tag=work");
    yield "notes by tag";
    await go(`notes/${note}?view=read`);
    yield "note to read";
    await go(`notes/${thread}`);
    yield "note not found";
    await go(`notes/${note}`);
    yield "note";
    await go(`notes/${note}`);
    await page.getByRole("button", { name: "Delete" }).click();
    await page.locator(".toast").waitFor();
    yield "note deleted";
  },
  "of what others wrote": async function* ({ page, erth, go }) {
    const { note, thread } = await addContent(erth);
    await lost(erth, note, { title: "Rye bread", body: BODY.replace("Flour", "Rye"), tags: "[]" });
    await lost(erth, note, { body: "Something quite different, and ".repeat(80) });
    await lost(erth, thread, { title: "Rye and water" }, "threads");
    await go(`notes/${note}`);
    yield "note in two versions";
    await page.locator(".conflict summary").first().click();
    await page.locator(".legend").waitFor();
    yield "versions compared";
    await page.locator(".conflict summary").last().click();
    await counts(page.locator(".legend"), 2);
    yield "two versions compared";
    await go(`notes/${note}?view=read`);
    yield "note in two versions to read";
    await page.locator(".conflict summary").first().click();
    await page.getByRole("button", { name: "Keep both" }).first().click();
    await page.locator(".toast").waitFor();
    yield "note with both versions";
    await go(`chat/${thread}`);
    await page.locator(".answer:not([aria-busy])").waitFor();
    yield "thread in two versions";
    await go(`notes/${note}`);
    await erth.json(`notes/${note}/delete`, {});
    await reads(page.locator("#main"), "is deleted");
    yield "note deleted elsewhere";
  },
  "of Chat": async function* ({ page, erth, go }) {
    const { thread } = await addContent(erth);
    await go("chat");
    yield "chat";
    await go(`chat/${thread}`);
    await page.locator(".answer:not([aria-busy])").waitFor();
    yield "thread";
  },
  "of Chat with a model": async function* ({ page, erth, go }) {
    using model = new ScriptedModel();
    await connect(erth, model);
    await addNote(erth, "Flour", "Flour is milled from wheat, and goes with water.");
    await go("chat");
    yield "chat with a model";
    model.next(`${BODY}\n\n${BODY}\n\nSo says your note [1].`);
    await ask(page, "What goes with flour? Tell me all of it, and with an example or two, please.");
    await answered(page);
    yield "thread with a model";
    await page.getByRole("button", { name: "Edit the question" }).click();
    await page.getByRole("button", { name: "Model and more" }).click();
    await page.locator(".settings").waitFor();
    yield "thread settings";
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    model.next({ status: 500, error: { message: "out of luck" } });
    await ask(page, "And salt?");
    await page.locator(".trouble").waitFor();
    const text = "Flour, water, salt and a rather long list of what else there is to buy";
    model.next("I write it down.", { tool: "create_note", arguments: { title: "Bread", text } });
    await ask(page, "Write that down");
    await page.locator(".action[data-state=asking]").waitFor();
    yield "permission asked";
    await go("temporary");
    model.next("Whispered.");
    await ask(page, "A secret");
    await answered(page);
    yield "temporary conversation";
  },
  "of the shell": async function* ({ page, erth, go }) {
    await addContent(erth);
    await page.keyboard.press("Control+k");
    await page.keyboard.type("flour");
    await reads(page.locator("#found"), "Bread");
    yield "palette";
    await go("status");
    yield "status";
    await page.locator("#main").press("?");
    await page.locator("#keys").waitFor();
    yield "keys";
  },
  "of Models": async function* ({ page, erth, go }) {
    using server = new ScriptedModel();
    await using files = new ModelServer(ggufLike(60_000));
    const path = `${erth.data}/A model with a rather long name that says everything-Q4_K_M.gguf`;
    await writeModel(path);
    await go("models");
    yield "models empty";
    await page.locator("[name=path]").fill("/nowhere/at/all.gguf");
    await page.locator("[name=path]").press("Enter");
    await page.locator("[data-code=MODEL_GONE]").waitFor();
    yield "models refused";
    const title = "A server in the cellar";
    await erth.json("shell/models/endpoint", { url: server.url, title, key: "sk-secret" });
    await erth.json("shell/models/add", { path });
    files.misdeeds = { pace: 300 };
    await erth.json("shell/models/pull", { url: files.url("a-long-name-of-a-file-Q8_0.gguf") });
    await erth.json("shell/models/pull", { url: files.url("page.gguf") });
    await reads(page.locator("#main"), "A server in the cellar at");
    await reads(page.locator(".card"), "This isn't a GGUF file.");
    yield "models";
    for (const summary of await page.locator("summary").all()) await summary.click();
    yield "models all open";
    await go("status");
    yield "status with models";
  },
  "of the Library": async function* ({ page, erth, go }) {
    await go("library");
    yield "library empty";
    const { id: thread } = await erth.json<{ id: string }>("chat", { title: "About the lease" });
    const long = "A lease with a rather long name that says everything about the flat.csv";
    const rows = Array.from({ length: 900 }, (_, at) => `Person ${at};${"Köln".repeat(at % 9)}`);
    const id = await addFile(erth, long, ["Name;City", ...rows].join("\n"));
    const broken = await addFile(erth, "broken.pdf", "%PDF-1.7 and nothing more");
    await addFile(erth, "Bread.md", `${BODY}\n`.repeat(20), thread);
    await addFile(erth, "broken.pdf", "%PDF-1.7 and nothing more", thread);
    await go("library");
    yield "library";
    await go(`library/${id}?at=900-1200`);
    yield "file with a passage";
    await go(`library/${broken}`);
    yield "file not read";
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.locator(".toast").waitFor();
    yield "file deleted";
    await go(`library/${broken}`);
    yield "file gone";
    await go(`chat/${thread}`);
    await page.locator(".attached [data-state=failed]").waitFor();
    yield "thread with files";
  },
  "of Mirror": async function* ({ page, erth, go }) {
    await using server = await Sqld.start({ jwt: true });
    const wish = { url: server.url, token: server.token, name: "A desk with a rather long name" };
    await addContent(erth);
    await go("mirror");
    yield "mirror off";
    await page.locator("[name=url]").fill("http://192.0.2.1");
    await page.locator("[name=url]").press("Enter");
    await page.locator("[data-code=MIRROR_URL]").waitFor();
    yield "mirror refused";
    await erth.json("shell/mirror/connect", wish);
    await reads(page.locator(".devices"), "A desk");
    yield "mirror current";
    await server.stop();
    await reads(page.locator(".health"), "Offline since");
    yield "mirror offline";
    await server.restart();
    // Not the database that it was mirrored to, so there is something to ask.
    await server.execute("UPDATE erth_meta SET value = 'another' WHERE key = 'remote'");
    await erth.json("shell/mirror/disconnect", {});
    await reads(page.locator(".health"), "Everything stays");
    await erth.json("shell/mirror/connect", wish).catch(() => {});
    await reads(page.locator("#main"), "Both sides hold data");
    yield "mirror asks";
  },
};

for (const [name, walk] of Object.entries(WALKS)) {
  visit(`axe finds nothing serious on screens ${name}, and all fits`, async ({ page, erth }) => {
    const found: Record<string, string[]> = {};
    const go = async (route: string) => {
      await page.goto(`${erth.url}${route}`);
      await arrive(page);
    };
    for await (const screen of walk({ page, erth, go })) {
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: width < 600 ? 740 : 900 });
        for (const colorScheme of ["dark", "light"] as const) {
          await page.emulateMedia({ colorScheme });
          const state = `${screen} ${width} ${colorScheme}`;
          await screenshot(page, state);
          const all = [...await findings(page), ...await overflows(page)];
          if (all.length > 0) found[state] = all;
        }
      }
    }
    assertEquals(found, {});
  }, { context: { reducedMotion: "reduce" }, expected: /40[049]/ });
}
