import { asErthError, speakFor } from "./errors.ts";
import { readApp } from "./shell/config/app.ts";
import { complain, runCommand } from "./shell/cli/run.ts";
import { reachHereDirectly, readConfig, wantsJson } from "./shell/config/config.ts";
import { openDesktop } from "./shell/desktop/desktop.ts";

Deno.exit(await main());

async function main(): Promise<number> {
  try {
    speakFor(readApp());
    const config = readConfig();
    reachHereDirectly();
    const window = config.command === "window" && !config.help;
    return window ? await openDesktop(config) : await runCommand(config);
  } catch (thrown) {
    return complain(asErthError(thrown), wantsJson());
  }
}
