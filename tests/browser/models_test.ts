/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import type { Page } from "playwright-core";
import type { ModelsReport } from "../../shell/models/report.ts";
import { ModelServer } from "../fixtures/model_server.ts";
import { ScriptedModel } from "../fixtures/scripted_model.ts";
import type { Erth } from "../harness.ts";
import { writeModel } from "../models/support.ts";
import { reads, until, visit } from "./browser.ts";

const REFUSED = /40[049]|422|50[0-9]/;
const folder = Deno.makeTempDirSync();
const tiny = join(folder, "Tiny.gguf");
Deno.test.beforeAll(() => writeModel(tiny));
Deno.test.afterAll(() => Deno.removeSync(folder, { recursive: true }));

const card = (page: Page, name: string) =>
  page.locator(".card").filter({ has: page.getByRole("heading", { name, exact: true }) });
const press = (page: Page, name: string) =>
  page.getByRole("button", { name, exact: true }).press("Enter");
const modelDot = (page: Page, state: string) =>
  page.locator(`#dots .dot:nth-child(3)[data-state=${state}]`).waitFor();
const report = (erth: Erth) => erth.json<ModelsReport>("models");

/** Lets go of a file over the page, as a file manager would. */
async function drop(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  await page.evaluate(([name, bytes]) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([new Uint8Array(bytes)], name));
    for (const kind of ["dragenter", "dragover", "drop"]) {
      const event = new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true });
      document.querySelector("main")!.dispatchEvent(event);
    }
  }, [name, [...bytes]] as const);
}

/** Adds a model by its path, as a script would. */
const added = (erth: Erth, path = tiny) => erth.json("shell/models/add", { path });

visit("a GGUF file dropped anywhere becomes the model that answers", async ({ page, erth }) => {
  await drop(page, "Tiny.gguf", await Deno.readFile(tiny));
  await reads(page.locator(".toast"), "“Tiny.gguf” is here.");
  await modelDot(page, "ready");
  await page.locator(".toast").getByRole("link", { name: "Show" }).click();
  await reads(page.locator(".health"), "Tiny answers, on this computer.");
  await reads(card(page, "Tiny"), "Loaded ·");
  await reads(card(page, "Tiny"), "Used");
  await page.getByRole("link", { name: "Status" }).click();
  await reads(page.locator(".places"), "Tiny");
  assertEquals((await report(erth)).default, "local/Tiny.gguf");
});

visit("a file is chosen by keyboard; what isn't a model says so", async ({ page }) => {
  await page.locator("[data-upload]").setInputFiles(tiny);
  await reads(card(page, "Tiny"), "Loaded ·");
  const wrong = join(folder, "page.gguf");
  await Deno.writeTextFile(wrong, "<!doctype html>");
  await page.locator("[data-upload]").setInputFiles(wrong);
  await reads(page.locator(".toast[role=alert]"), "This isn't a GGUF file.");
  await page.locator("[data-upload]").setInputFiles(tiny);
  await reads(page.locator(".toast[role=alert]"), "This model is here already.");
}, { route: "models", expected: REFUSED });

visit("an upload can be cancelled and leaves nothing", async ({ page, erth }) => {
  const large = join(folder, "Large.gguf");
  await writeModel(large, "--megabytes", "3000");
  await page.locator("[data-upload]").setInputFiles(large);
  await page.locator(".toast.lasting progress").waitFor();
  await page.locator(".toast").getByRole("button", { name: "Cancel" }).press("Enter");
  await reads(page.locator(".toast"), "was cancelled.");
  await until(() => [...Deno.readDirSync(join(erth.data, "models"))].length === 0);
  await Deno.remove(large);
}, { route: "models" });

visit("by path, with the keyboard alone; removed and taken back", async ({ page, erth }) => {
  const path = join(folder, "Lies here.gguf");
  await Deno.copyFile(tiny, path);
  await page.locator("[name=path]").focus();
  await page.keyboard.type(`${path}.not`);
  await page.keyboard.press("Enter");
  await page.locator("[data-code=MODEL_GONE]").waitFor();
  assertEquals(await page.locator("[name=path]").inputValue(), `${path}.not`);
  await page.locator("[name=path]").fill(path);
  await page.keyboard.press("Enter");
  await reads(card(page, "Lies here"), path);
  await press(page, "Remove Lies here");
  await reads(page.locator(".toast"), "Its file stays where it is.");
  assertEquals((await report(erth)).models, []);
  await press(page, "Undo");
  await reads(card(page, "Lies here"), path);
  await reads(page.locator(".health"), "Lies here answers");
  await Deno.remove(path);
  await page.reload();
  await reads(card(page, "Lies here"), "There is no such file.");
}, { route: "models", expected: REFUSED });

visit("a file in the folder of models is deleted, and can be had back", async ({ page, erth }) => {
  await page.locator("[data-upload]").setInputFiles(tiny);
  await reads(card(page, "Tiny"), "Loaded ·");
  await press(page, "Remove Tiny");
  await reads(page.locator(".toast"), "“Tiny” is deleted.");
  await reads(page.locator(".health"), "No model is used.");
  const names = () => [...Deno.readDirSync(join(erth.data, "models"))].map(({ name }) => name);
  assert(!names().includes("Tiny.gguf"));
  await press(page, "Undo");
  await reads(page.locator(".health"), "Tiny answers");
  assert(names().includes("Tiny.gguf"));
}, { route: "models" });

visit("a download shows how far it is, is cancelled, fails, goes on", async ({ page, erth }) => {
  await using server = new ModelServer(await Deno.readFile(tiny));
  server.misdeeds = { pace: 60 };
  const start = async (url: string) => {
    await page.locator("[name=url]").first().fill(url);
    await page.locator("[name=url]").first().press("Enter");
  };
  await start(server.url());
  await reads(card(page, "small.gguf"), " kB of 470 kB");
  await page.locator(".card progress[value]").waitFor();
  await press(page, "Cancel the download of small.gguf");
  await until(async () => await card(page, "small.gguf").count() === 0);
  // Cut, and then refused: what has come is kept.
  server.misdeeds = { cuts: [200_000], pace: 2 };
  await start(`${server.url()}#sha256=${server.sha256}`);
  await reads(card(page, "small.gguf"), "It is tried again by itself.");
  server.misdeeds = { statuses: [403] };
  await reads(card(page, "small.gguf"), "200 kB of 470 kB are here.");
  await press(page, "Try again with small.gguf");
  await reads(page.locator(".health"), "small answers");
  await reads(card(page, "small"), "Loaded ·");
  assertEquals(server.ranges.at(-1), "bytes=200000-");
  server.misdeeds = { statuses: [404] };
  await start(server.url("other.gguf"));
  await reads(card(page, "other.gguf"), "The server answered 404.");
  await press(page, "Try again with other.gguf");
  await reads(card(page, "other"), "Not loaded");
  assertEquals((await report(erth)).downloads, []);
}, { route: "models" });

visit("a model is loaded, unloaded, set; one that crashes says so", async ({ page, erth }) => {
  const bad = join(folder, "Bad.gguf");
  await writeModel(bad, "--crash");
  await added(erth);
  await added(erth, bad);
  await page.reload();
  await reads(card(page, "Tiny"), "Loaded ·");
  await press(page, "Unload Tiny");
  await reads(card(page, "Tiny"), "Not loaded");
  await press(page, "Load Tiny");
  await reads(card(page, "Tiny"), "context 512 tokens");
  await card(page, "Tiny").locator("summary").click();
  await card(page, "Tiny").getByLabel("Temperature").fill("0.3");
  await card(page, "Tiny").getByLabel("What it is always told").fill("Answer in one word.");
  await press(page, "Load Bad");
  await reads(card(page, "Bad"), "Try again");
  await page.locator(".card:has-text('Bad') .how[data-state=failed]").waitFor();
  // What happened elsewhere on the screen left alone what was being typed.
  assertEquals(await card(page, "Tiny").getByLabel("Temperature").inputValue(), "0.3");
  await card(page, "Tiny").getByRole("button", { name: "Save" }).press("Enter");
  await until(async () =>
    (await report(erth)).models.some(({ settings }) => settings.temperature === 0.3)
  );
  await press(page, "Use Bad");
  await modelDot(page, "broken");
  await press(page, "Use none");
  await modelDot(page, "off");
}, { route: "models", expected: REFUSED });

visit("an endpoint is connected by keyboard; its key is never shown", async ({ page, erth }) => {
  using server = new ScriptedModel();
  await page.locator("summary", { hasText: "Another server" }).press("Enter");
  await page.locator("details.other [name=url]").fill("http://127.0.0.1:9/v1");
  await page.keyboard.press("Tab");
  await page.keyboard.type("sk-secret");
  await page.keyboard.press("Tab");
  await page.keyboard.type("My server");
  await page.keyboard.press("Enter");
  await reads(page.locator("[data-code=ENDPOINT_UNREACHABLE]"), "Nothing listens");
  assertEquals(
    await page.locator("details.other [name=url]").inputValue(),
    "http://127.0.0.1:9/v1",
  );
  await page.locator("details.other [name=url]").fill(server.url);
  await page.locator("details.other [name=url]").press("Enter");
  await reads(page.locator("#main"), "It runs on this computer.");
  await reads(page.locator(".health"), "by My server at 127.0.0.1");
  assert(!(await page.content()).includes("sk-secret"));
  assert(!JSON.stringify(await report(erth)).includes("sk-secret"));
  assert((await Deno.readTextFile(join(erth.data, "assistant.json"))).includes("sk-secret"));
  await press(page, "Remove My server");
  await reads(page.locator(".health"), "No model is used.");
  await press(page, "Ollama");
  await page.locator("[data-code=ENDPOINT_UNREACHABLE]").waitFor();
}, { route: "models", expected: REFUSED });

visit("news leave alone what is typed and what is open", async ({ page, erth }) => {
  await page.locator("[name=url]").first().fill("https://half");
  await page.locator("summary", { hasText: "Another server" }).click();
  await page.locator("[name=key]").fill("half a key");
  await page.locator("[name=url]").first().focus();
  const answer = page.waitForResponse(/\/models$/);
  await added(erth);
  await (await answer).finished();
  await reads(card(page, "Tiny"), "470 kB");
  await page.keyboard.type(".example");
  assertEquals(await page.locator("[name=url]").first().inputValue(), "https://half.example");
  assertEquals(await page.locator("[name=key]").inputValue(), "half a key");
  assert(await page.locator("[name=key]").isVisible());
}, { route: "models" });

visit("the Models screen works without a sidecar", async ({ page }) => {
  await page.locator("[data-upload]").setInputFiles(tiny);
  await reads(card(page, "Tiny"), "470 kB");
  await press(page, "Remove Tiny");
  await reads(page.locator(".health"), "No model is used.");
}, { route: "models", start: { env: { ERTH_SIDECAR_COMMAND: '["false"]' } } });
