import { assert, assertEquals, assertMatch } from "@std/assert";
import { poll } from "../harness.ts";
import { Screen } from "./screen.ts";
import { App } from "./test_app.ts";

const TITLE = "Erth test";

Deno.test("a window has title, class and smallest size, and its close button ends run()", async () => {
  await using screen = await Screen.open();
  await using app = new App(screen);
  const window = await screen.window(TITLE);
  await app.event("page", "/");
  const properties = await screen.tool("xprop", "-id", window) ?? "";
  assertMatch(properties, /WM_CLASS\(STRING\) = "erth", "Erth"/);
  assertMatch(properties, /minimum size: 360 by 480/);
  assertMatch(properties, /_NET_WM_ICON\(CARDINAL\) =/);
  assert(!properties.includes("_NET_WM_STATE_ABOVE"));
  await screen.tool("wmctrl", "-i", "-c", window);
  assertEquals(await app.ended(), 0);
  assertEquals(app.events.at(-1), { ended: true });
});

Deno.test("float keeps the window above others", async () => {
  await using screen = await Screen.open();
  await using _ = new App(screen, { float: true });
  const window = await screen.window(TITLE);
  await poll(async () => {
    return (await screen.tool("xprop", "-id", window))?.includes("_NET_WM_STATE_ABOVE");
  });
});

Deno.test("before the page paints, the window has the page's dark background", async () => {
  await using screen = await Screen.open();
  await using app = new App(screen, { dark: true, path: "/held" });
  const window = await screen.window(TITLE);
  await poll(async () => await screen.color(window, 300, 300) === "#20211f");
  await app.order("release");
  assertEquals((await app.event("page", "/held")).dark, "true");
});

Deno.test("links outside go to the browser, own links stay, scripts can't leave", async () => {
  await using screen = await Screen.open();
  await using app = new App(screen, { path: "/link" });
  const window = await screen.window(TITLE);
  await app.event("page", "/link");
  await screen.click(window);
  assertEquals((await app.event("outside")).outside, "https://example.invalid/outside");

  await app.order("go /blank");
  await app.event("page", "/blank");
  await screen.click(window);
  await app.event("page", "/");

  const before = app.events.length;
  await app.order("go /script");
  await app.event("stayed", "/script");
  await app.order("go /blank-outside");
  await app.event("page", "/blank-outside");
  assert(!app.events.slice(before).some((event) => "outside" in event));
  await screen.click(window);
  await app.event("outside", undefined, before);
});

Deno.test("downloads land in the folder under a name of their own, and the page says so", async () => {
  const folder = await Deno.makeTempDir({ prefix: "a b ü" });
  try {
    await using screen = await Screen.open();
    await Deno.writeTextFile(`${folder}/a note.txt`, "mine");
    await using app = new App(screen, { path: "/file-link", downloadDirectory: folder });
    const window = await screen.window(TITLE);
    await app.event("page", "/file-link");
    await screen.click(window);
    const path = `${folder}/a note (2).txt`;
    await app.event("download", path);
    assertEquals(await Deno.readTextFile(path), "from the server");
    assertEquals(await Deno.readTextFile(`${folder}/a note.txt`), "mine");
    await app.event("toast", `Saved as ${path}`);

    await app.order("go /blob-link");
    await app.event("page", "/blob-link");
    await screen.click(window);
    await app.event("download", `${folder}/b.txt`);
    assertEquals(await Deno.readTextFile(`${folder}/b.txt`), "from a blob");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("Ctrl with plus, minus and zero zooms", async () => {
  await using screen = await Screen.open();
  await using app = new App(screen);
  const window = await screen.window(TITLE);
  await app.event("page", "/");
  await screen.click(window);
  await screen.tool("xdotool", "key", "ctrl+plus");
  await app.event("width", "1000");
  await screen.tool("xdotool", "key", "ctrl+0");
  await app.event("width", "1100");
  await screen.tool("xdotool", "key", "ctrl+minus");
  await app.event("width", "1222");
});

Deno.test("closing takes the focus from what is being written, so that it is saved", async () => {
  await using screen = await Screen.open();
  await using app = new App(screen, { path: "/write" });
  const window = await screen.window(TITLE);
  await app.event("page", "/write");
  await screen.tool("wmctrl", "-i", "-c", window);
  await app.event("left", "field");
  assertEquals(await app.ended(), 0);
});

Deno.test("a page process that dies is replaced, but not for ever", async () => {
  await using screen = await Screen.open();
  await using app = new App(screen);
  const window = await screen.window(TITLE);
  await app.event("page", "/");
  const before = app.events.length;
  const first = await endPageProcess(app);
  await app.event("page", "/", before);
  await endPageProcess(app, first);
  await poll(async () => await screen.color(window, 5, 5) === "#fdfcfa");
});

/** Kills the process of the app's page, once it has one other than `not`. */
async function endPageProcess(app: App, not?: number): Promise<number> {
  return await poll(async () => {
    const { stdout } = await new Deno.Command("pgrep", {
      args: ["--parent", String(app.pid), "WebKitWebProces"],
    }).output();
    const pid = new TextDecoder().decode(stdout).split("\n").map(Number).find((one) =>
      one > 0 && one !== not
    );
    if (pid !== undefined) Deno.kill(pid, "SIGKILL");
    return pid;
  });
}

Deno.test("cookies outlive the run in a data folder, and nothing does without", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using screen = await Screen.open();
    for (const expected of ["", "theme=dark"]) {
      await using app = new App(screen, { path: "/", dataDirectory: folder });
      assertEquals((await app.event("page", "/")).cookie, expected);
      await app.order("go /cookie");
      await app.event("page", "/cookie");
      await app.order("quit");
      await app.ended();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("no screen is told as NO_DISPLAY", async () => {
  await using app = new App(undefined);
  assertEquals((await app.event("code")).code, "NO_DISPLAY");
});

Deno.test("the user's browser starts with the environment that Erth was started with", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(
      `${folder}/xdg-open`,
      `#!/bin/sh\necho "$1 $XDG_STATE_HOME" >"${folder}/new" && mv "${folder}/new" "${folder}/seen"\n`,
      { mode: 0o755 },
    );
    await using screen = await Screen.open();
    const env = { PATH: `${folder}:${Deno.env.get("PATH")}`, XDG_STATE_HOME: folder };
    await using app = new App(screen, { path: "/link", browser: true }, env);
    const window = await screen.window(TITLE);
    await app.event("page", "/link");
    await screen.click(window);
    const seen = await poll(async () => {
      return await Deno.readTextFile(`${folder}/seen`).catch(() => undefined);
    });
    assertEquals(seen, `https://example.invalid/outside ${folder}\n`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
