import { type Figure, rowOf } from "./lib/figure.ts";
import { startups } from "./lib/startups.ts";
import { compare, summarize } from "./lib/stats.ts";

/** From exec to the sidecar's first fragment on screen, against the C program's load event. */
export const firstFragment: Figure = {
  name: "first-fragment",
  measure: async (say) => {
    const { erth, floor } = await startups(say);
    const ours = erth.map(({ fragment }) => fragment!);
    const theirs = floor.map(({ loaded }) => loaded);
    const absolute = [ours, theirs].map((times) => summarize(times).median.toFixed(0));
    const row = rowOf("first fragment on screen / C program's load", compare(ours, theirs), {
      unit: "×",
      goal: 1.2,
      detail: `${absolute[0]} ms / ${absolute[1]} ms`,
    });
    return [row];
  },
};
