/**
 * Builds what changed and opens Erth, or with `--app FOLDER` another app: in a window, or without a
 * screen as a server whose address is printed. Other arguments are passed on.
 *
 * @module
 */
import { hasDisplay } from "../shell/config/config.ts";
import { build } from "./build/build.ts";
import { takeApp } from "./build/target.ts";

async function start(): Promise<number> {
  const { folder, rest } = takeApp(Deno.args);
  const { app, program } = await build(folder);
  const server = !hasDisplay() && (rest[0] ?? "-").startsWith("-");
  if (server) console.error(`  There is no screen: ${app.title} runs as a server.`);
  const child = new Deno.Command(program, {
    args: server ? ["serve", ...rest] : rest,
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
