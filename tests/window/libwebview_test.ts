import { assert, assertEquals } from "@std/assert";
import { erth, isAlive, poll } from "../harness.ts";
import { Desk, sidecarOf } from "./desk.ts";

const ARGS = ["--window-backend", "libwebview"];

Deno.test("the portable window shows the page, comes to the front, and ends in order", async () => {
  await using desk = await Desk.open(ARGS);
  const { screen } = desk;
  const id = await screen.window("Erth");
  const sidecar = await sidecarOf(desk);
  await screen.focus(id);
  await poll(async () => await screen.colours(id) > 50);
  await poll(async () => {
    await screen.press("ctrl+n");
    return (await desk.titles()).length > 0;
  });
  await screen.type("Written in the other window");
  await poll(async () => (await desk.titles()).includes("Written in the other window"));

  const second = await erth(["--data", desk.data, ...ARGS], { env: screen.env });
  assertEquals([second.code, second.stderr], [0, ""]);
  assertEquals((await screen.tool("wmctrl", "-l"))?.split("\n").length, 1);

  await screen.tool("wmctrl", "-c", "Erth");
  assertEquals((await desk.child.status).code, 0);
  assert(!isAlive(sidecar));
});

Deno.test("SIGTERM closes the portable window, exit 0", async () => {
  await using desk = await Desk.open(ARGS);
  await desk.screen.window("Erth");
  const sidecar = await sidecarOf(desk);
  desk.child.kill("SIGTERM");
  assertEquals((await desk.child.status).code, 0);
  assert(!isAlive(sidecar));
});
