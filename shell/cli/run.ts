import { asErthError } from "../../errors.ts";
import type { CommandOptions, Config } from "../config/config.ts";
import { secureFolders } from "../config/folders.ts";
import { complain } from "./complain.ts";
import { say } from "./print.ts";

/** One command; its exit code. It prints through `print.ts`. */
export type Command = (config: Config & CommandOptions) => Promise<number>;

/** Each is loaded when it is asked for: reading them all would cost more than most of them do. */
const COMMANDS: Record<Config["command"], () => Promise<Command>> = {
  ask: async () => (await import("./ask.ts")).ask,
  doctor: async () => (await import("./doctor.ts")).doctor,
  help: async () => (await import("./help.ts")).help,
  library: async () => (await import("./library.ts")).library,
  mirror: async () => (await import("./mirror.ts")).mirror,
  model: async () => (await import("./model.ts")).model,
  note: async () => (await import("./note.ts")).note,
  open: async () => (await import("./open.ts")).open,
  serve: async () => (await import("./serve.ts")).serve,
  status: async () => (await import("./status.ts")).status,
  version: async () => (await import("./version.ts")).version,
  // A window needs the main thread: `main.ts` opens it before anything comes here.
  window: async () => (await import("./help.ts")).help,
};

/** They read nothing in the folders; `doctor` looks at them itself. */
const WITHOUT_FOLDERS: readonly Config["command"][] = ["help", "version", "doctor"];

/** Runs the command of `config`; its exit code. Never throws. */
export async function runCommand(config: Config & CommandOptions): Promise<number> {
  try {
    const name = config.help ? "help" : config.command;
    if (!WITHOUT_FOLDERS.includes(name)) {
      config.notices.push(...secureFolders(config.paths));
      for (const notice of config.notices) say(notice);
    }
    const command = await COMMANDS[name]();
    return await command(config);
  } catch (thrown) {
    return complain(asErthError(thrown), config.json);
  }
}
