import { asErthError, type ErthError } from "../../errors.ts";
import type { CommandOptions, Config } from "../config/config.ts";
import { secureFolders } from "../config/folders.ts";
import { ask } from "./ask.ts";
import { doctor } from "./doctor.ts";
import { help } from "./help.ts";
import { library } from "./library.ts";
import { mirror } from "./mirror.ts";
import { model } from "./model.ts";
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
  library,
  mirror,
  model,
  note,
  open,
  serve,
  status,
  version,
  // A window needs the main thread: `main.ts` opens it before anything comes here.
  window: help,
};

/** They read nothing in the folders; `doctor` looks at them itself. */
const WITHOUT_FOLDERS: readonly Config["command"][] = ["help", "version", "doctor"];

/** Runs the command of `config`; its exit code. Never throws. */
export async function runCommand(config: Config & CommandOptions): Promise<number> {
  try {
    if (config.help) return await help(config);
    if (!WITHOUT_FOLDERS.includes(config.command)) {
      config.notices.push(...secureFolders(config.paths));
      for (const notice of config.notices) console.error(notice);
    }
    return await COMMANDS[config.command](config);
  } catch (thrown) {
    return complain(asErthError(thrown), config.json);
  }
}

/** Prints an error as JSON on standard output or as words on standard error; its exit code. */
export function complain(error: ErthError, json: boolean): number {
  if (json) {
    console.log(JSON.stringify(error));
  } else {
    const detail = error.detail ? `\n  ${error.detail}` : "";
    console.error(`${error.message} [${error.code}]${detail}\n  ${error.hint}`);
  }
  return error.exit;
}
