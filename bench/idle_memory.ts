import { Display } from "./lib/display.ts";
import { type Figure, rowOf } from "./lib/figure.ts";
import { erthWindow, peerWindow } from "./lib/programs.ts";
import { memoryAfter } from "./lib/start.ts";
import { compare, summarize } from "./lib/stats.ts";
import type { Member } from "./lib/tree.ts";

const ROUNDS = 3;
const SETTLE_S = 5;
const MIB = 1024 * 1024;

/** PSS of every process, 5 s after load, against pywebview + Robyn frozen the same way. */
export const idleMemory: Figure = {
  name: "idle-memory",
  measure: async (say) => {
    await using display = await Display.open();
    const programs = [await erthWindow(display.env), await peerWindow(display.env)];
    const totals: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      for (const [at, program] of programs.entries()) {
        const members = await memoryAfter(program, SETTLE_S);
        totals[at]!.push(total(members) / MIB);
        say(`${program.name}: ${words(members)}`);
      }
    }
    const absolute = totals.map((series) => summarize(series).median.toFixed(1));
    const row = rowOf("idle memory / pywebview + Robyn, frozen the same way", compare(...totals), {
      unit: "×",
      goal: 0.88,
      detail: `${absolute[0]} MiB / ${absolute[1]} MiB`,
    });
    return [row];
  },
};

function total(members: readonly Member[]): number {
  return members.reduce((sum, { pss }) => sum + pss, 0);
}

function words(members: readonly Member[]): string {
  const parts = members.map(({ name, pss }) => `${name} ${(pss / MIB).toFixed(1)}`);
  return `${(total(members) / MIB).toFixed(1)} MiB: ${parts.join(", ")}`;
}
