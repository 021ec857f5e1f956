import { asErthError, speakFor } from "./errors.ts";
import { readApp } from "./shell/config/app.ts";
import { complain } from "./shell/cli/complain.ts";
import { reachHereDirectly, readConfig, wantsJson } from "./shell/config/config.ts";

Deno.exit(await main());

async function main(): Promise<number> {
  try {
    speakFor(readApp());
    const config = readConfig();
    reachHereDirectly();
    // Only what is used is loaded: the window is on its way before a command could be read.
    if (config.command === "window" && !config.help) {
      const { openDesktop } = await import("./shell/desktop/desktop.ts");
      return await openDesktop(config);
    }
    const { runCommand } = await import("./shell/cli/run.ts");
    return await runCommand(config);
  } catch (thrown) {
    return complain(asErthError(thrown), wantsJson());
  }
}
