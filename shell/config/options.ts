import { parseArgs, type ParseArgsConfig } from "node:util";
import { ErthError } from "../../errors.ts";

/** The commands of the command line; `window` is the one without a name. */
export const COMMANDS = [
  "window",
  "serve",
  "open",
  "status",
  "doctor",
  "ask",
  "note",
  "library",
  "model",
  "mirror",
  "help",
  "version",
] as const;
export type CommandName = typeof COMMANDS[number];

const OPTIONS = {
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "V" },
  json: { type: "boolean" },
  data: { type: "string" },
  portable: { type: "boolean" },
  port: { type: "string" },
  float: { type: "boolean" },
  devtools: { type: "boolean" },
  "window-backend": { type: "string" },
  verbose: { type: "boolean" },
  title: { type: "string" },
  tags: { type: "string" },
  thread: { type: "string" },
  "token-stdin": { type: "boolean" },
  merge: { type: "boolean" },
  force: { type: "boolean" },
  name: { type: "string" },
  model: { type: "string" },
  file: { type: "string", multiple: true },
  sha256: { type: "string" },
  "key-stdin": { type: "boolean" },
} as const satisfies ParseArgsConfig["options"];

/** Who takes an option that isn't for all; what another command is given is a mistake. */
const TAKERS: Partial<Record<keyof typeof OPTIONS, readonly CommandName[]>> = {
  port: ["serve", "window"],
  float: ["window"],
  devtools: ["window"],
  "window-backend": ["window", "doctor"],
  title: ["note"],
  tags: ["note"],
  thread: ["ask", "library"],
  "token-stdin": ["mirror"],
  merge: ["mirror"],
  force: ["mirror", "model"],
  name: ["mirror", "model"],
  model: ["ask", "model"],
  file: ["ask"],
  sha256: ["model"],
  "key-stdin": ["model"],
};
/** Commands that are given more than their name. */
const TAKES_WORDS: readonly CommandName[] = ["ask", "help", "library", "mirror", "model", "note"];

/**
 * Takes arguments apart.
 *
 * @throws {ErthError} `USAGE` on an option that there isn't, or without its value.
 */
export function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new ErthError("USAGE", error instanceof Error ? error.message : String(error));
  }
}

/** @throws {ErthError} `USAGE` on a word or an option that the command does nothing with. */
export function refuseWhatIsNotTaken(
  command: CommandName,
  values: ReturnType<typeof parseOptions>["values"],
  [, word]: string[],
): void {
  if (word !== undefined && !TAKES_WORDS.includes(command)) {
    throw new ErthError("USAGE", `Cannot ${command} as there is a word too many: '${word}'`);
  }
  for (const [name, takers] of Object.entries(TAKERS)) {
    if (values[name as keyof typeof values] === undefined || takers.includes(command)) continue;
    throw new ErthError("USAGE", `'--${name}' is for ${takers.join(" and ")}, not for ${command}`);
  }
  if (values.data === "") throw new ErthError("USAGE", "Cannot use '--data' as it names no folder");
}
