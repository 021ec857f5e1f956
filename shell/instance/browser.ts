import { hasDisplay } from "../config/config.ts";

const OPENERS: Partial<Record<typeof Deno.build.os, string[]>> = {
  linux: ["xdg-open"],
  darwin: ["open"],
  windows: ["rundll32", "url.dll,FileProtocolHandler"],
};

/** Opens an address in the user's own browser; whether there was a way to. */
export async function openInBrowser(url: string): Promise<boolean> {
  const [command, ...args] = OPENERS[Deno.build.os] ?? [];
  if (command === undefined || !hasDisplay()) return false;
  try {
    const child = new Deno.Command(command, {
      args: [...args, url],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    return (await child.status).success;
  } catch {
    return false;
  }
}
