import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { BINARY, poll } from "../harness.ts";
import { Screen } from "./screen.ts";

Deno.test("a data folder that isn't ours alone is told of in a window, and left alone", async () => {
  await using screen = await Screen.open();
  const data = await Deno.makeTempDir();
  await Deno.writeTextFile(join(data, "erth.lock"), "", { mode: 0o600 });
  // As `/tmp` is: everybody may write there, and that isn't to be changed.
  await Deno.chmod(data, 0o1777);
  const child = new Deno.Command(BINARY, {
    args: ["--data", data],
    env: screen.env,
    stdin: "null",
    stderr: "piped",
  }).spawn();
  const window = await screen.window("Erth");
  await poll(async () => await screen.colours(window) > 10);
  await screen.tool("wmctrl", "-c", "Erth");
  const { code, stderr } = await child.output();
  assertEquals([code, new TextDecoder().decode(stderr).includes("[FOLDER_FOREIGN]")], [5, true]);
  assertEquals([...Deno.readDirSync(data)].map(({ name }) => name), ["erth.lock"]);
  await Deno.remove(data, { recursive: true });
});
