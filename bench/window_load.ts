import { type Figure, rowOf } from "./lib/figure.ts";
import { startups } from "./lib/startups.ts";
import { compare, summarize } from "./lib/stats.ts";

/** From exec to the page's load event, warm, against a C program with the same WebView and page. */
export const windowLoad: Figure = {
  name: "window-load",
  measure: async (say) => {
    const { erth, floor } = await startups(say);
    const [ours, theirs] = [erth, floor].map((times) => times.map(({ loaded }) => loaded));
    const absolute = [ours!, theirs!].map((times) => summarize(times).median.toFixed(0));
    const row = rowOf(
      "window load, warm / C program with the same WebView",
      compare(ours!, theirs!),
      {
        unit: "×",
        goal: 1.08,
        detail: `${absolute[0]} ms / ${absolute[1]} ms`,
      },
    );
    return [row];
  },
};
