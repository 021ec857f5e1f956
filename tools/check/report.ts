import { join } from "node:path";
import { ROOT } from "../steps/steps.ts";

/** How many tests of a run passed and failed. */
export interface Counts {
  passed: number;
  failed: number;
}

/** A fresh path for a runner's JUnit report. */
export async function reportPath(name: string): Promise<string> {
  const folder = join(ROOT, "build", "reports");
  await Deno.mkdir(folder, { recursive: true });
  const path = join(folder, `${name}.xml`);
  await Deno.remove(path).catch(() => {});
  return path;
}

/**
 * The counts of a JUnit report, skipped tests left out; a runner that broke down without a report, or
 * that failed although no test did, counts as one failure.
 */
export async function readCounts(path: string, success: boolean): Promise<Counts> {
  const text = await Deno.readTextFile(path).catch(() => "");
  const sum = (name: string) =>
    [...text.matchAll(new RegExp(`<testsuite [^>]*\\b${name}="(\\d+)"`, "g"))]
      .reduce((total, [, count]) => total + Number(count), 0);
  const failed = sum("failures") + sum("errors");
  const passed = sum("tests") - failed - sum("skipped") - sum("disabled");
  return { passed, failed: failed === 0 && !success ? 1 : failed };
}

/** Prints the line that ends a run; whether all is well. */
export function summarize(counts: Counts[]): boolean {
  const sum = (pick: (counts: Counts) => number) =>
    counts.reduce((total, counts) => total + pick(counts), 0);
  const failed = sum(({ failed }) => failed);
  console.log(`${sum(({ passed }) => passed)} passed, ${failed} failed`);
  return failed === 0;
}
