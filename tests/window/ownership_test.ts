import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { ggufLike, ModelServer } from "../fixtures/model_server.ts";
import { BINARY, Erth, erth as command, poll } from "../harness.ts";
import { freeze } from "../process/support.ts";
import { Screen } from "./screen.ts";

/** A double-click on a folder that somebody has. */
function doubleClick(screen: Screen, data: string): Deno.ChildProcess {
  return new Deno.Command(BINARY, { args: ["--data", data], env: screen.env, stdin: "null" })
    .spawn();
}

async function titles(data: string): Promise<string[]> {
  const { stdout } = await command(["note", "list", "--json", "--data", data]);
  return JSON.parse(stdout).notes.map(({ title }: { title: string }) => title);
}

/** Writes a note in the window, as a person does. */
async function write(screen: Screen, data: string, words: string): Promise<void> {
  const id = await screen.window("Erth");
  await screen.focus(id);
  const before = (await titles(data)).length;
  await poll(async () => {
    await screen.press("ctrl+n");
    return (await titles(data)).length > before;
  });
  await screen.type(words);
  await poll(async () => (await titles(data)).includes(words));
}

Deno.test("a double-click beside `serve` opens a window on it, which ends alone", async () => {
  await using screen = await Screen.open();
  await using erth = await Erth.start();
  const { data } = erth;
  const window = doubleClick(screen, data);
  await write(screen, data, "Written beside");
  const id = await screen.window("Erth");
  await screen.tool("xdotool", "windowminimize", "--sync", id);
  const second = await command(["--data", data], { env: screen.env });
  assertEquals([second.code, second.stderr], [0, ""]);
  assertEquals(await screen.window("Erth"), id);
  await screen.tool("wmctrl", "-c", "Erth");
  assertEquals((await window.status).code, 0);
  assertEquals((await erth.report()).pid, erth.pid);
});

Deno.test("a window goes on by itself when the `serve` that it shows has ended", async () => {
  await using screen = await Screen.open();
  await using erth = await Erth.start();
  const { data } = erth;
  const window = doubleClick(screen, data);
  await write(screen, data, "Before");
  assertEquals(await erth.stop(), 0);
  await poll(async () => {
    const { stdout } = await command(["status", "--json", "--data", data]);
    return JSON.parse(stdout).pid === window.pid;
  });
  await write(screen, data, "After");
  window.kill("SIGTERM");
  assertEquals((await window.status).code, 0);
});

Deno.test("a double-click beside a command that hangs shows that, and goes on", async () => {
  await using screen = await Screen.open();
  await using server = new ModelServer(ggufLike(4_000_000));
  server.misdeeds = { pace: 100 };
  const data = await Deno.makeTempDir();
  const pull = new Deno.Command(BINARY, {
    args: ["model", "pull", server.url(), "--data", data],
    stdin: "null",
    stderr: "null",
  }).spawn();
  await poll(() => server.ranges.length > 0);
  await freeze(pull.pid);
  const window = doubleClick(screen, data);
  const id = await screen.window("Erth");
  await poll(async () => await screen.colours(id) > 20);
  const log = () => Deno.readTextFile(join(data, "logs", "erth.log"));
  assertEquals((await log()).match(/erth\.started/g)?.length, 1);
  Deno.kill(pull.pid, "SIGKILL");
  await pull.status;
  await write(screen, data, "Later");
  window.kill("SIGTERM");
  assertEquals((await window.status).code, 0);
  await Deno.remove(data, { recursive: true });
});
