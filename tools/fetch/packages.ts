import { run } from "../steps/command.ts";
import { step } from "../steps/steps.ts";

/** Fetches what the lock file names into Deno's cache; the key of what is in it. */
export async function npmPackages(): Promise<string> {
  return await step({
    name: "npm packages",
    inputs: ["deno.json", "deno.lock"],
    outputs: [".deno/cache/npm"],
    run: async () => void await run([Deno.execPath(), "install", "--quiet"]),
  });
}
