import { join } from "node:path";
import { Display } from "./lib/display.ts";
import { type Figure, rowOf } from "./lib/figure.ts";
import { erthWindow, WORK } from "./lib/programs.ts";
import { quiet } from "./lib/quiet.ts";
import { memoryAfter, type Program, timeStart } from "./lib/start.ts";
import { compare, summarize } from "./lib/stats.ts";

const ROUNDS = 12;
const MEMORY_ROUNDS = 3;
const SETTLE_S = 5;
const MIB = 1024 * 1024;
/** Whoever wants to compare puts an earlier build here. */
const EARLIER = join(WORK, "earlier", "erth");

/** What the window costs with no model mounted, against an earlier build of Erth. */
export const earlier: Figure = {
  name: "earlier",
  measure: async (say) => {
    if (!await Deno.stat(EARLIER).then(() => true, () => false)) {
      say(`there is none to compare with: put one at ${EARLIER}`);
      return [];
    }
    await using display = await Display.open();
    const now = await erthWindow(display.env);
    const before = {
      ...now,
      name: "earlier Erth",
      command: [EARLIER, "--data", `${EARLIER}-data`],
    };
    const programs = [now, before];
    const loads: [number[], number[]] = [[], []];
    for (let round = -1; round < ROUNDS; round++) {
      const order = round % 2 === 0 ? programs : programs.toReversed();
      for (const program of order) {
        await quiet();
        const { loaded } = await timeStart(program);
        // The first round only warms up.
        if (round >= 0) loads[program === now ? 0 : 1].push(loaded);
      }
    }
    const memory: [number[], number[]] = [[], []];
    for (let round = 0; round < MEMORY_ROUNDS; round++) {
      for (const [at, program] of programs.entries()) {
        memory[at]!.push(await memoryOf(program));
        say(`${program.name}: ${memory[at]!.at(-1)!.toFixed(1)} MiB`);
      }
    }
    return [
      ratio("window load, no model mounted / earlier build", loads, "ms"),
      ratio("idle memory, no model mounted / earlier build", memory, "MiB"),
    ];
  },
};

async function memoryOf(program: Program): Promise<number> {
  const members = await memoryAfter(program, SETTLE_S);
  return members.reduce((sum, { pss }) => sum + pss, 0) / MIB;
}

function ratio(name: string, [ours, theirs]: [number[], number[]], unit: string) {
  const absolute = [ours, theirs].map((series) => summarize(series).median.toFixed(0));
  return rowOf(name, compare(ours, theirs), {
    unit: "×",
    goal: 1.05,
    detail: `${absolute[0]} ${unit} / ${absolute[1]} ${unit}`,
  });
}
