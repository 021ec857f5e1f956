import type { Config } from "../config/config.ts";

/** The library of the portable window, if this window is to be one. */
export async function windowLibrary(config: Config): Promise<string | undefined> {
  if (config.window.backend === "system" && Deno.build.os === "linux") return undefined;
  // Only now: most starts need nothing of what unpacks it.
  const { Parts } = await import("./parts.ts");
  return await new Parts(config).window();
}
