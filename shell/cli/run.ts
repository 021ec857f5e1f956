import { asErthError } from "../../errors.ts";
import { complain } from "./complain.ts";
import type { CommandOptions, Config } from "../config.ts";
import { ask } from "./ask.ts";
import { doctor } from "./doctor.ts";
import { help } from "./help.ts";
import { note } from "./note.ts";
import { open } from "./open.ts";
import { serve } from "./serve.ts";
import { status } from "./status.ts";
import { version } from "./version.ts";

/** One command; its exit code. Text goes to standard output through `print`. */
export type Command = (config: Config & CommandOptions) => Promise<number>;

const COMMANDS: Record<Config["command"], Command> = {
  ask,
  doctor,
  help,
  note,
  open,
  serve,
  status,
  version,
  // A window needs the main thread: `main.ts` opens it before anything comes here.
  window: help,
};

/** Runs the command of `config`; its exit code. Never throws. */
export async function runCommand(config: Config & CommandOptions): Promise<number> {
  try {
    return await (config.help ? help : COMMANDS[config.command])(config);
  } catch (thrown) {
    return complain(asErthError(thrown), config.json);
  }
}
