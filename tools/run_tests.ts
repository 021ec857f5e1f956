/**
 * Everything: checks and unit tests, a build, then what needs the program. With arguments only
 * those files below tests/, after a build.
 *
 * @module
 */
import { build } from "./build/build.ts";
import { show } from "./steps/command.ts";
import { ok } from "./check/ok.ts";
import { type Counts, readCounts, reportPath, summarize } from "./check/report.ts";

const chosen = Deno.args.filter((argument) => !argument.startsWith("-"));
const options = Deno.args.filter((argument) => argument.startsWith("-"));

async function whole(): Promise<Counts> {
  const junit = await reportPath("whole");
  const paths = chosen.length > 0 ? chosen : ["tests/"];
  const command = [Deno.execPath(), "test", "-A", "--no-check", `--junit-path=${junit}`];
  return await readCounts(junit, await show([...command, ...options, ...paths]));
}

async function all(): Promise<Counts[]> {
  const counts = chosen.length > 0 ? [] : await ok();
  try {
    await build();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return [...counts, { passed: 0, failed: 1 }];
  }
  return [...counts, await whole()];
}

Deno.exit(summarize(await all()) ? 0 : 1);
