import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ModelsReport } from "../../shell/models/report.ts";
import { poll } from "../harness.ts";
import { writeModel } from "../models/support.ts";
import { Desk, sidecarOf } from "./desk.ts";
import type { Screen } from "./screen.ts";

const SOURCE = fileURLToPath(new URL("drag_source.ts", import.meta.url));

/** Drags what a window offers to the middle of another, as a hand does: not in one leap. */
async function drag(screen: Screen, from: string, to: string): Promise<void> {
  const mouse = (...words: string[]) => screen.tool("xdotool", ...words);
  await mouse("windowmove", "--sync", to, "150", "100");
  await mouse("windowmove", "--sync", from, "0", "0");
  await mouse("mousemove", "--window", from, "40", "40", "mousedown", "1");
  for (let step = 0; step < 5; step++) await mouse("mousemove_relative", "8", "8");
  for (const x of [300, 400, 410, 420]) await mouse("mousemove", "--window", to, `${x}`, "300");
  // The window has to have said that it takes them.
  await poll(async () => await screen.color(to, 500, 12) !== await screen.color(to, 500, 40));
  await mouse("mouseup", "1");
}

Deno.test("files dragged onto the window: a model answers, another file is in the Library", async () => {
  await using desk = await Desk.open();
  const { screen } = desk;
  const folder = await Deno.makeTempDir();
  const paths = [join(folder, "Tiny ü.gguf"), join(folder, "Lease.txt")] as const;
  await writeModel(paths[0]);
  await Deno.writeTextFile(paths[1], "The lease of the lighthouse ends in May 2031.");
  const window = await screen.window("Erth");
  await sidecarOf(desk);
  await poll(async () => await screen.colours(window) > 50);
  const source = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", SOURCE, ...paths],
    env: screen.env,
    stdin: "null",
  }).spawn();
  await drag(screen, await screen.window("Source"), window);
  const models = () => desk.ask<ModelsReport>("model", "list");
  await poll(async () => (await models()).models[0]?.state === "ready");
  const { default: used, models: [model] } = await models();
  // Where it lies, not copied.
  assertEquals([used, model?.file?.path], ["local/Tiny ü.gguf", paths[0]]);
  const names = async () => {
    const { files } = await desk.ask<{ files: { name: string }[] }>("library", "list");
    return files.map(({ name }) => name);
  };
  await poll(async () => (await names()).includes("Lease.txt"));
  source.kill("SIGTERM");
  await source.status;
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a file is chosen by the system's own dialog", async () => {
  await using desk = await Desk.open();
  const { screen } = desk;
  const path = join(await Deno.makeTempDir(), "Tiny.gguf");
  await writeModel(path);
  const window = await screen.window("Erth");
  await sidecarOf(desk);
  await poll(async () => await screen.colours(window) > 50);
  const search = ["search", "--onlyvisible", "--name", "^Select File$"];
  const dialog = async () => (await screen.tool("xdotool", ...search))?.split("\n").at(-1);
  // As a person would, again if a key or click came before what it was meant for.
  await poll(async () => {
    await screen.focus(window);
    await screen.tool("xdotool", "mousemove", "--window", window, "36", "262", "click", "1");
    // How models stand has a background of its own.
    await poll(
      async () => await screen.color(window, 800, 110) !== await screen.color(window, 800, 30),
      4_000,
    );
    // By keyboard through what is below it in the rail to the button for a file.
    await screen.press(...Array(6).fill("Tab"), "space");
    return await poll(dialog, 4_000);
  }, 60_000);
  await poll(async () => {
    const open = await dialog();
    if (open) {
      await screen.focus(open);
      await screen.press("ctrl+l", "ctrl+a");
      await screen.type(path);
      await screen.press("Return");
    }
    return await poll(async () => !await dialog(), 4_000);
  }, 60_000);
  await poll(async () => (await desk.ask<ModelsReport>("model", "list")).models.length === 1);
});
