import { join } from "node:path";
import { BINARY } from "../tests/harness.ts";
import { Display } from "./lib/display.ts";
import { type Figure, rowOf } from "./lib/figure.ts";
import { WORK } from "./lib/programs.ts";
import { type Times, timeStart } from "./lib/start.ts";
import { summarize } from "./lib/stats.ts";

const LARGEST = 128;
const STARTS = 5;

/** The one file, and what its very first start takes. */
export const size: Figure = {
  name: "size",
  measure: async (say) => {
    const { size: bytes } = await Deno.stat(BINARY);
    const cold: Times[] = [];
    await using display = await Display.open();
    for (let start = 0; start < STARTS; start++) {
      const data = join(WORK, "first-start");
      await Deno.remove(data, { recursive: true }).catch(() => {});
      const command = [BINARY, "--data", data];
      cold.push(await timeStart({ name: "Erth", command, env: display.env, fragment: true }));
      say(`first start: fragment after ${cold.at(-1)!.fragment!.toFixed(0)} ms`);
    }
    return [
      {
        name: "dist/erth",
        value: bytes / 1e6,
        unit: "MB",
        goal: LARGEST,
        count: 1,
        detail: `${bytes} bytes`,
      },
      rowOf(
        "very first start, nothing unpacked: window load",
        summarize(cold.map((time) => time.loaded)),
        { unit: "ms" },
      ),
      rowOf(
        "very first start, nothing unpacked: fragment on screen",
        summarize(cold.map((time) => time.fragment!)),
        { unit: "ms" },
      ),
    ];
  },
};
