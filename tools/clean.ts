/**
 * Deletes what builds made; with `--all` also Deno, its cache and the virtual environment.
 *
 * @module
 */
import { join } from "node:path";
import { ROOT } from "./steps/steps.ts";

const folders = ["build", "dist", ...(Deno.args.includes("--all") ? [".venv", ".deno"] : [])];
for (const folder of folders) {
  await Deno.remove(join(ROOT, folder), { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}
