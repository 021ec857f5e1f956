/**
 * Format, lint, types, imports and unit tests of both languages.
 *
 * @module
 */
import { run } from "../steps/command.ts";
import { npmPackages } from "../fetch/packages.ts";
import { PYTHON, venv } from "../fetch/python.ts";
import { type Counts, readCounts, reportPath, summarize } from "./report.ts";

/** Where unit tests stand; those in tests/ need the program. */
const UNITS = ["shell", "db", "tools", "web"];

/** Runs all checks, both languages side by side; a check that fails counts as one failed test. */
export async function ok(): Promise<Counts[]> {
  await Promise.all([npmPackages(), venv()]);
  const [script, python] = await Promise.all([
    inTurn([
      () => check("deno fmt", deno("fmt", "--check", "--quiet")),
      () => check("deno lint", deno("lint", "--quiet")),
      () => check("deno check", deno("check", "--quiet", ".")),
      () => check("imports", deno("run", "-A", "tools/check/check_imports.ts")),
      () =>
        tests(
          "deno test",
          (junit) => deno("test", "-A", "--no-check", `--junit-path=${junit}`, ...UNITS),
        ),
    ]),
    inTurn([
      () => check("ruff format", ruff("format", "--check"), "sidecar"),
      () => check("ruff check", ruff("check"), "sidecar"),
      () => check("mypy", mypy(), "sidecar"),
      () =>
        check("mypy of the example", mypy("../examples/guestbook/sidecar/guestbook"), "sidecar"),
      () => tests("pytest", (junit) => [PYTHON, "-m", "pytest", `--junitxml=${junit}`], "sidecar"),
    ]),
  ]);
  return [...script, ...python];
}

function deno(...args: string[]): string[] {
  return [Deno.execPath(), ...args];
}

function ruff(...command: string[]): string[] {
  const settings = ["--quiet", "--config", "pyproject.toml"];
  return [PYTHON, "-m", "ruff", ...command, ...settings, ".", "../examples"];
}

/** Without a package, those that the settings name. */
function mypy(...packages: string[]): string[] {
  return [PYTHON, "-m", "mypy", "--no-error-summary", ...packages];
}

async function inTurn(checks: (() => Promise<Counts>)[]): Promise<Counts[]> {
  const counts: Counts[] = [];
  for (const check of checks) counts.push(await check());
  return counts;
}

async function check(name: string, command: string[], cwd?: string): Promise<Counts> {
  const success = await attempt(name, command, cwd);
  return { passed: 0, failed: success ? 0 : 1 };
}

async function tests(
  name: string,
  command: (junit: string) => string[],
  cwd?: string,
): Promise<Counts> {
  const junit = await reportPath(name.replace(" ", "-"));
  const success = await attempt(name, command(junit), cwd);
  const counts = await readCounts(junit, success);
  console.error(`  ${name}: ${counts.passed} passed, ${counts.failed} failed`);
  return counts;
}

async function attempt(name: string, command: string[], cwd?: string): Promise<boolean> {
  const start = performance.now();
  try {
    await run(command, { cwd, env: { NO_COLOR: "1" }, lines: 400 });
    console.error(`  ${name}: ok (${((performance.now() - start) / 1000).toFixed(1)} s)`);
    return true;
  } catch (error) {
    console.error(`  ${name}: FAILED\n${(error as Error).message}`);
    return false;
  }
}

if (import.meta.main) Deno.exit(summarize(await ok()) ? 0 : 1);
