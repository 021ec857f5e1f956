import { assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { poll } from "../harness.ts";
import { Screen } from "./screen.ts";
import { App } from "./test_app.ts";

const TITLE = "Erth test";
const backends = {
  "GTK": {},
  "libwebview": {
    backend: "libwebview",
    libraryPath: fileURLToPath(import.meta.resolve("webview-bun/build/libwebview-x64.so")),
  },
};

for (const [name, options] of Object.entries(backends)) {
  Deno.test(`a worker navigates and ends the window while run() blocks: ${name}`, async () => {
    await using screen = await Screen.open();
    await using app = new App(screen, options);
    await screen.window(TITLE);
    await app.event("page", "/");
    await app.order("go /write");
    await app.event("page", "/write");
    // More at once than the mailbox holds: none is torn, the last one stays.
    await app.order("flood");
    await app.order("go /link");
    await app.event("page", "/link");
    await app.order("quit");
    assertEquals(await app.ended(), 0);
    assertEquals(app.events.at(-1), { ended: true });
  });
}

Deno.test("a worker raises the window above another one", async () => {
  await using screen = await Screen.open();
  await using app = new App(screen);
  const window = await screen.window(TITLE);
  await app.event("page", "/");
  await using _other = new App(screen, { title: "Another" });
  const other = await screen.window("Another");
  const active = async () => (await screen.tool("xdotool", "getactivewindow"))?.trim();
  await poll(async () => await active() === other);
  await app.order("raise");
  await poll(async () => await active() === window);
});

Deno.test("a silent backend is told in the window, and its return brings the page back", async () => {
  await using screen = await Screen.open();
  await using app = new App(screen);
  const window = await screen.window(TITLE);
  await app.event("page", "/");
  await poll(async () => await screen.color(window, 5, 5) === "#ff0000");
  const before = app.events.length;
  await app.order("rest");
  await poll(async () => await screen.color(window, 5, 5) === "#fdfcfa");
  await app.order("beat");
  await app.event("page", "/", before);
  await poll(async () => await screen.color(window, 5, 5) === "#ff0000");
});

Deno.test("a library that isn't there is told as WEBVIEW_MISSING", async () => {
  await using app = new App(undefined, { backend: "libwebview", libraryPath: "/nowhere.so" });
  const { code, detail } = await app.event("code");
  assertEquals(code, "WEBVIEW_MISSING");
  assertStringIncludes(String(detail), "/nowhere.so");
});
