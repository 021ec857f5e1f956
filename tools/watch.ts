/**
 * Runs Erth from the sources, without compiling or freezing, and starts it anew on each change.
 * Arguments are passed on.
 *
 * @module
 */
import { join } from "node:path";
import { prepare } from "./build/build.ts";
import { PYTHON } from "./fetch/python.ts";
import { ROOT } from "./steps/steps.ts";

const WATCHED = [
  "main.ts",
  "errors.ts",
  "errors.json",
  "log.ts",
  "disk.ts",
  "app.json",
  "shell",
  "db",
  "web",
];
const QUIET_MS = 200;

let running: Deno.ChildProcess | undefined;

async function once(change: Promise<void>): Promise<void> {
  await prepare().catch((error) => console.error(error instanceof Error ? error.message : error));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", join(ROOT, "main.ts"), ...Deno.args],
    env: { ERTH_SIDECAR_COMMAND: JSON.stringify([PYTHON, "-m", "erth_sidecar"]) },
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  running = child;
  const ended = child.status.then(({ code }) => console.error(`  Erth ended with ${code}`));
  await change;
  console.error("  something changed: starting anew");
  await end(child);
  await ended;
}

async function end(child: Deno.ChildProcess | undefined): Promise<void> {
  try {
    child?.kill("SIGTERM");
  } catch {
    // It ended by itself.
  }
  await child?.status;
}

/** Resolves when something that matters changed and nothing more did for a moment. */
async function nextChange(changes: AsyncIterator<Deno.FsEvent>): Promise<void> {
  for (;;) {
    const { value } = await changes.next();
    const paths: string[] = value?.kind === "access" ? [] : value?.paths ?? [];
    if (paths.some((path) => /\.(ts|json|sql|py|html|css|js|svg)$/.test(path))) break;
  }
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, async () => {
    await end(running);
    Deno.exit(0);
  });
}
const paths = [...WATCHED.map((path) => join(ROOT, path)), join(ROOT, "sidecar", "erth_sidecar")];
const changes = Deno.watchFs(paths)[Symbol.asyncIterator]();
for (;;) await once(nextChange(changes));
