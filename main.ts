import { asErthError } from "./errors.ts";
import { complain, runCommand } from "./shell/cli/run.ts";
import { type CommandOptions, type Config, readConfig } from "./shell/config.ts";
import { openDesktop } from "./shell/desktop.ts";

Deno.exit(await main());

async function main(): Promise<number> {
  let config: Config & CommandOptions;
  try {
    config = readConfig();
  } catch (thrown) {
    return complain(asErthError(thrown), Deno.args.includes("--json"));
  }
  const window = config.command === "window" && !config.help;
  return window ? await openDesktop(config) : await runCommand(config);
}
