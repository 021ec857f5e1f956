import { hasDisplay } from "../config/config.ts";

const OPENERS: Partial<Record<typeof Deno.build.os, string[]>> = {
  linux: ["xdg-open"],
  darwin: ["open"],
  windows: ["rundll32", "url.dll,FileProtocolHandler"],
};

/**
 * Opens an address in the user's own browser. Every account of the computer can read it among the
 * arguments: no secret belongs in it.
 *
 * @param environment What Erth itself was started with: what it changed in its own since (folders in
 * portable mode) isn't the browser's. By default its own.
 * @returns Whether there was a way to; some systems tell only when the browser ends.
 */
export async function openInBrowser(
  url: string,
  environment?: Readonly<Record<string, string>>,
): Promise<boolean> {
  const [command, ...args] = OPENERS[Deno.build.os] ?? [];
  if (command === undefined || !hasDisplay()) return false;
  try {
    const child = new Deno.Command(command, {
      args: [...args, url],
      env: environment,
      clearEnv: environment !== undefined,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    // A browser that this very call started may live longer than we do.
    child.unref();
    return (await child.status).success;
  } catch {
    return false;
  }
}
