/**
 * Builds what changed and opens Erth: in a window, or without a screen as a server whose address is
 * printed. Arguments are passed on.
 *
 * @module
 */
import { hasDisplay } from "../shell/config.ts";
import { build, PROGRAM } from "./build.ts";

async function start(): Promise<number> {
  await build();
  const server = !hasDisplay() && (Deno.args[0] ?? "-").startsWith("-");
  if (server) console.error("  There is no screen: Erth runs as a server.");
  const child = new Deno.Command(PROGRAM, {
    args: server ? ["serve", ...Deno.args] : Deno.args,
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    // Ctrl+C reaches the program by itself; whoever ends only this process means both.
    Deno.addSignalListener(signal, () => signal === "SIGTERM" && child.kill(signal));
  }
  return (await child.status).code;
}

try {
  Deno.exit(await start());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(1);
}
