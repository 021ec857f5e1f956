import type { Command } from "../../process/child.ts";
import type { Parts } from "../../payload/parts.ts";
import type { ModelServiceOptions } from "./process.ts";

/** Where the model process comes from. */
export interface ModelCommandOptions {
  parts: Pick<Parts, "llama" | "sidecar">;
  /** A sidecar to start in place of the bundled one; for development. */
  command?: readonly string[];
  env: Command["env"];
}

/** The sidecar's program as model process, and the folder with llama.cpp. */
export function modelCommand(
  { parts, command, env }: ModelCommandOptions,
): ModelServiceOptions["command"] {
  return async (signal) => {
    if (command !== undefined) {
      const [program = "", ...args] = command;
      return { command: { command: program, args: [...args, "model"], env } };
    }
    const library = await parts.llama(signal);
    // It runs already: nothing is unpacked here.
    const bundled = await parts.sidecar(() => {}, signal);
    return { command: { ...bundled, args: [...bundled.args, "model"], env }, library };
  };
}
