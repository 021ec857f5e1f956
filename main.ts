import { asErthError, speakFor } from "./errors.ts";
import { readApp } from "./shell/app.ts";
import { complain } from "./shell/cli/complain.ts";
import { readConfig, wantsJson } from "./shell/config.ts";
import { openDesktop } from "./shell/desktop.ts";

Deno.exit(await main());

async function main(): Promise<number> {
  try {
    speakFor(readApp());
    const config = readConfig();
    const window = config.command === "window" && !config.help;
    if (window) return await openDesktop(config);
    // Only what a window needs is evaluated before it is there.
    const { runCommand } = await import("./shell/cli/run.ts");
    return await runCommand(config);
  } catch (thrown) {
    return complain(asErthError(thrown), wantsJson());
  }
}
