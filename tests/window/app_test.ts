import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { BINARY, erth, isAlive, poll } from "../harness.ts";
import { Desk, sidecarOf } from "./desk.ts";
import { Screen } from "./screen.ts";

Deno.test("a person opens the window, writes a note and finds it kept", async () => {
  await using desk = await Desk.open();
  const { screen } = desk;
  const id = await screen.window("Erth");
  await sidecarOf(desk);
  await screen.focus(id);
  await poll(async () => await screen.colours(id) > 50);
  // Until the page listens, a key goes nowhere; a second note would have the same title.
  await poll(async () => {
    await screen.press("ctrl+n");
    return (await desk.titles()).length > 0;
  });
  await screen.type("Written in a window");
  await poll(async () => (await desk.titles()).includes("Written in a window"));
  assert(await screen.colours(id) > 50);
});

Deno.test("a sidecar killed under the person's hands goes unnoticed", async () => {
  await using desk = await Desk.open();
  const { screen } = desk;
  const id = await screen.window("Erth");
  await screen.focus(id);
  const first = await sidecarOf(desk);
  await poll(async () => {
    await screen.press("ctrl+n");
    return (await desk.titles()).length > 0;
  });
  await screen.type("Before ");
  Deno.kill(first, "SIGKILL");
  await screen.type("and after");
  await poll(async () => (await desk.titles()).includes("Before and after"));
  assert(await sidecarOf(desk) !== first);
});

Deno.test("closing the window ends everything, exit 0", async () => {
  await using desk = await Desk.open();
  await desk.screen.window("Erth");
  const sidecar = await sidecarOf(desk);
  await desk.screen.tool("wmctrl", "-c", "Erth");
  assertEquals((await desk.child.status).code, 0);
  assertEquals(isAlive(sidecar), false);
});

Deno.test("SIGTERM closes the window, exit 0", async () => {
  await using desk = await Desk.open();
  await desk.screen.window("Erth");
  const sidecar = await sidecarOf(desk);
  desk.child.kill("SIGTERM");
  assertEquals((await desk.child.status).code, 0);
  assertEquals(isAlive(sidecar), false);
});

Deno.test("a second start raises the first window and ends", async () => {
  await using desk = await Desk.open();
  const { screen } = desk;
  const id = await screen.window("Erth");
  await desk.running();
  await screen.tool("xdotool", "windowminimize", "--sync", id);
  const second = await erth(["--data", desk.data], { env: screen.env });
  assertEquals([second.code, second.stderr], [0, ""]);
  assertEquals(await screen.window("Erth"), id);
  assertEquals((await screen.tool("wmctrl", "-l"))?.split("\n").length, 1);
});

Deno.test("--float keeps the window above others", async () => {
  await using desk = await Desk.open(["--float"]);
  const id = await desk.screen.window("Erth");
  await poll(async () =>
    (await desk.screen.tool("xprop", "-id", id, "_NET_WM_STATE"))?.includes("_NET_WM_STATE_ABOVE")
  );
});

Deno.test("a data folder that can't be written to is explained in the window", async () => {
  await using screen = await Screen.open();
  const file = await Deno.makeTempFile();
  const child = new Deno.Command(BINARY, {
    args: ["--data", join(file, "data")],
    env: screen.env,
    stdin: "null",
  }).spawn();
  const id = await screen.window("Erth");
  await poll(async () => await screen.colours(id) > 20);
  await screen.tool("wmctrl", "-c", "Erth");
  assertEquals((await child.status).code, 0);
  await Deno.remove(file);
});

Deno.test("without a screen the window says so and names what to do instead", async () => {
  const data = await Deno.makeTempDir();
  const { code, stdout } = await erth(["--json", "--data", data], {
    env: { DISPLAY: "", WAYLAND_DISPLAY: "" },
  });
  assertEquals(code, 7);
  assertEquals(JSON.parse(stdout).error.code, "NO_DISPLAY");
  await Deno.remove(data, { recursive: true });
});
