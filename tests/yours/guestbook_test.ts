import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join, relative } from "node:path";
import { Erth, erth, poll, ROOT } from "../harness.ts";
import { browser, browserTest, listen, reads } from "../browser/browser.ts";
import { filesUnder } from "../../tools/steps/steps.ts";
import { Screen } from "../window/screen.ts";
import { readDocsPage, type } from "./docs_page.ts";

const FOLDER = join(ROOT, "examples", "guestbook");
const GUESTBOOK = join(ROOT, "dist", "guestbook");
const page = await readDocsPage();

interface Entry {
  name: string;
  words: string;
}

async function entries(app: Erth): Promise<string[]> {
  const { entries } = await app.json<{ entries: Entry[] }>("book");
  return entries.map(({ name, words }) => `${name}: ${words}`);
}

Deno.test("the page shows the whole example", async () => {
  const shown = [...page.files.keys()].filter((path) => path.startsWith("guestbook/"));
  const files = (await filesUnder(FOLDER)).map((path) => relative(join(FOLDER, ".."), path));
  assertEquals(files.filter((path) => !path.endsWith(".png")), shown.toSorted());
  for (const path of shown) {
    assertEquals(await Deno.readTextFile(join(FOLDER, "..", path)), page.files.get(path), path);
  }
});

Deno.test("the page's command builds it", async () => {
  await type(page.commands[0]!);
  const { stdout } = await erth(["--version"], { binary: GUESTBOOK });
  assert(stdout.startsWith("guestbook 1.0.0\n"), stdout);
});

Deno.test("it doesn't carry llama.cpp, which it never asks for", async () => {
  const payloads = join(ROOT, "build", "apps", "guestbook", "stage", "build", "embed", "payloads");
  const names = [...Deno.readDirSync(payloads)].map(({ name }) => name).sort();
  assertEquals(names, ["offsets.json", "sidecar.json", "store.json", "window.json"]);
  const licenses = await Deno.readTextFile(join(ROOT, "dist", "guestbook-licenses.txt"));
  assert(!licenses.includes("xllamacpp"));
});

Deno.test("it has its own names, and only the commands it can answer", async () => {
  const help = await erth(["--help"], { binary: GUESTBOOK });
  assertStringIncludes(help.stdout, "Guestbook: who was here, and what they said.");
  assertStringIncludes(help.stdout, "guestbook serve");
  assert(!/erth|note|ask/i.test(help.stdout), help.stdout);
  for (const command of ["note", "ask", "model", "library"]) {
    const { code, stdout } = await erth([command, "--json"], { binary: GUESTBOOK });
    assertEquals([code, JSON.parse(stdout).error.code], [2, "USAGE"]);
  }
  const home = await Deno.makeTempDir();
  const { stdout } = await erth(["status", "--data", home, "--json"], { binary: GUESTBOOK });
  assertEquals(JSON.parse(stdout).error.hint, "Start it with `guestbook` or `guestbook serve`.");
  await Deno.remove(home, { recursive: true });
});

Deno.test("its page, its Python and its schema work on Erth's shell", async () => {
  await using app = await Erth.start({ binary: GUESTBOOK });
  const frame = await (await app.fetch("", { headers: { accept: "text/html" } })).text();
  assertStringIncludes(frame, "<title>Guestbook</title>");
  assertStringIncludes(frame, 'hx-get="book"');
  for (const name of ["guestbook.css", "icon.svg", "htmx.min.js", "app.js"]) {
    const response = await app.fetch(`assets/${name}`);
    await response.body?.cancel();
    assertEquals(response.status, 200, name);
  }
  await app.json("book", { name: " Ada ", words: "<b>Hello</b>" });
  assertEquals(await entries(app), ["Ada: <b>Hello</b>"]);
  assertStringIncludes(await (await app.fetch("book")).text(), "&lt;b&gt;Hello&lt;/b&gt;");
  const nameless = await app.fetch("book", { method: "POST", body: new URLSearchParams() });
  assertEquals(nameless.status, 400);
  assertStringIncludes(await nameless.text(), '<p class="error" role="alert"');
  const report = await app.report();
  assertEquals([report.name, report.title, report.version], ["guestbook", "Guestbook", "1.0.0"]);
});

Deno.test("nobody notices that its sidecar is killed, time and again", async () => {
  await using app = await Erth.start({ binary: GUESTBOOK });
  let pid = await app.sidecar();
  const signed = [];
  for (let guest = 1; guest <= 5; guest++) {
    Deno.kill(pid, "SIGKILL");
    await app.json("book", { name: `Guest ${guest}`, words: "was here" });
    signed.unshift(`Guest ${guest}: was here`);
    pid = await app.sidecar(pid);
  }
  assertEquals(await entries(app), signed);
  assertEquals((await app.report()).sidecar.restarts.length, 5);
});

browserTest("two people at its page see what the other writes, over a kill", async () => {
  await using app = await Erth.start({ binary: GUESTBOOK });
  const context = await (await browser()).newContext();
  const complaints = listen(context);
  const [one, other] = [await context.newPage(), await context.newPage()];
  for (const page of [one, other]) {
    await page.goto(await app.launchUrl());
    await reads(page.locator("#entries"), "Nobody yet");
  }
  const sign = async (name: string) => {
    await one.getByLabel("Your name").fill(name);
    await one.getByRole("button", { name: "Sign" }).click();
    for (const page of [one, other]) await reads(page.locator("#entries"), name);
  };
  await sign("Ada");
  const killed = await app.sidecar();
  Deno.kill(killed, "SIGKILL");
  await sign("Grace");
  assertEquals(await one.locator("#entries li").count(), 2);
  assert(await app.sidecar(killed) !== killed);
  await other.getByRole("link", { name: "Status" }).click();
  await reads(other.locator("#screen"), "Everything runs.");
  assertEquals(await other.title(), "Status · Guestbook");
  await poll(async () => await one.title() === "Guestbook");
  await context.close();
  assertEquals(complaints, []);
});

Deno.test("its window has its title, its name and its icon", async () => {
  await using display = await Screen.open();
  const data = await Deno.makeTempDir();
  const args = ["--data", data];
  await using opened = new Deno.Command(GUESTBOOK, { args, env: display.env }).spawn();
  const id = await display.window("Guestbook");
  const shown = await display.tool("xprop", "-id", id, "WM_CLASS", "32c", "_NET_WM_ICON");
  assertStringIncludes(shown, '"guestbook"');
  assertStringIncludes(shown, "= 128, 128,");
  await display.focus(id);
  await poll(async () => await display.colours(id) > 20);
  await display.tool("wmctrl", "-c", "Guestbook");
  assertEquals((await opened.status).code, 0);
  await Deno.remove(data, { recursive: true });
});
