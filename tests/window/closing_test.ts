import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { erth as command, poll } from "../harness.ts";
import { childrenOf, freeze } from "../process/support.ts";
import { Desk, sidecarOf } from "./desk.ts";

/** How the window is told to close. */
const WAYS: Record<string, (desk: Desk) => unknown> = {
  "its button": ({ screen }) => screen.tool("wmctrl", "-c", "Erth"),
  "SIGTERM": ({ child }) => child.kill("SIGTERM"),
};
const SLOW_MS = 350;

/** Opens a note in the window and types; the last words are too new to be saved by themselves. */
async function typing(desk: Desk): Promise<void> {
  const id = await desk.screen.window("Erth");
  await desk.screen.focus(id);
  await poll(async () => {
    await desk.screen.press("ctrl+n");
    return (await desk.titles()).length > 0;
  });
  await desk.screen.type("Saved");
  await poll(async () => (await desk.titles()).includes("Saved"));
}

/** The process of the window's page. */
function pageOf({ child }: Desk): number {
  return childrenOf(child.pid).find((pid) =>
    Deno.readTextFileSync(`/proc/${pid}/cmdline`).includes("WebKitWebProcess")
  )!;
}

async function gone(desk: Desk): Promise<void> {
  await poll(async () => {
    const shown = await desk.screen.tool("xdotool", "search", "--onlyvisible", "--name", "^Erth$");
    return !shown;
  }, 1_000);
}

/** What another start finds. */
async function after(desk: Desk): Promise<{ titles: string[]; drafts: string[] }> {
  const drafts = await Deno.readTextFile(join(desk.data, "unsaved.json")).catch(() => "[]");
  return {
    // A person presses a key again until something happens, so there may be empty ones.
    titles: (await desk.titles()).filter(Boolean),
    drafts: JSON.parse(drafts).map(({ fields }: { fields: { title: string } }) => fields.title),
  };
}

for (const [way, close] of Object.entries(WAYS)) {
  Deno.test(`closed by ${way} with a page that is slow, it loses no word`, async () => {
    await using desk = await Desk.open();
    await typing(desk);
    await desk.screen.type(", and more");
    const page = pageOf(desk);
    await freeze(page);
    await close(desk);
    await gone(desk);
    await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
    Deno.kill(page, "SIGCONT");
    assertEquals((await desk.child.status).code, 0);
    assertEquals(await after(desk), { titles: ["Saved, and more"], drafts: [] });
  });

  Deno.test(`closed by ${way} while its sidecar is restarting, it loses no word`, async () => {
    await using desk = await Desk.open();
    await typing(desk);
    const sidecar = await sidecarOf(desk);
    await desk.screen.type(", and more");
    Deno.kill(sidecar, "SIGKILL");
    await close(desk);
    assertEquals((await desk.child.status).code, 0);
    const { titles, drafts } = await after(desk);
    // On a slow machine the next sidecar comes too late for it.
    assert([...titles, ...drafts].includes("Saved, and more"), JSON.stringify({ titles, drafts }));
  });

  Deno.test(`closed by ${way} while its sidecar hangs, it keeps what can't be saved`, async () => {
    await using desk = await Desk.open();
    await typing(desk);
    await freeze(await sidecarOf(desk));
    await desk.screen.type(", and more");
    await close(desk);
    await gone(desk);
    assertEquals((await desk.child.status).code, 0);
    assertEquals(await after(desk), { titles: ["Saved"], drafts: ["Saved, and more"] });
  });
}

Deno.test("a window beside `serve` saves before it goes", async () => {
  await using desk = await Desk.open(["serve"]);
  await desk.running();
  const window = desk.again();
  await typing(desk);
  await desk.screen.type(", and more");
  const page = childrenOf(window.pid).find((pid) =>
    Deno.readTextFileSync(`/proc/${pid}/cmdline`).includes("WebKitWebProcess")
  )!;
  await freeze(page);
  await desk.screen.tool("wmctrl", "-c", "Erth");
  await gone(desk);
  await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
  Deno.kill(page, "SIGCONT");
  assertEquals((await window.status).code, 0);
  assertEquals((await after(desk)).titles, ["Saved, and more"]);
  const { code } = await command(["status", "--data", desk.data]);
  assertEquals(code, 0);
});
