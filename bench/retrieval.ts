import { join } from "node:path";
import { run } from "../tools/steps/command.ts";
import { PYTHON } from "../tools/fetch/python.ts";
import { ROOT } from "../tools/steps/steps.ts";
import type { Figure, Row } from "./lib/figure.ts";
import { quiet } from "./lib/quiet.ts";
import { quantile } from "./lib/stats.ts";
import { freshFolder, openStore } from "./mirror_support.ts";

/** What `retrieval.py` prints; times in seconds. */
interface Measured {
  set: Record<string, Quality>;
  among: Record<string, Quality>;
  passages: number;
  index: number;
  transactions: number[];
  taken: Record<string, number[]>;
}

interface Quality {
  count: number;
  recall: number;
  mrr: number;
}

/**
 * Recall@5 and MRR on the question set of `bench/questions`, and how long a search in 100 000
 * passages takes: words that were never asked for, frequent ones, misspelt ones. A search is all of
 * `retrieval.find`, in the sidecar's language and store, without HTTP.
 */
export const retrieval: Figure = {
  name: "retrieval",
  measure: async (say) => {
    const [small, large] = [await emptyDatabase(), await emptyDatabase()];
    await quiet();
    const script = join(ROOT, "bench", "retrieval.py");
    const env = { PYTHONPATH: join(ROOT, "sidecar") };
    const said: Measured = JSON.parse(await run([PYTHON, script, small, large], { env }));
    for (const [kind, taken] of Object.entries(said.taken)) {
      const [half, most] = [quantile(taken, 0.5), quantile(taken, 0.95)];
      say(`${kind}: p50 ${words(half)}, p95 ${words(most)} ms`);
    }
    return [...qualityRows(said), ...speedRows(said)];
  },
};

async function emptyDatabase(): Promise<string> {
  const path = join(await freshFolder(), "local_edge.db");
  (await openStore(path)).close();
  return path;
}

function qualityRows({ set, among, passages }: Measured): Row[] {
  const parts = (measured: Record<string, Quality>, figure: "recall" | "mrr") =>
    ["held", "tuning", "plain", "paraphrased"]
      .map((name) => `${name} ${measured[name]![figure].toFixed(3)}`).join(", ");
  const row = (name: string, measured: Record<string, Quality>, figure: "recall" | "mrr"): Row => ({
    name,
    value: measured.all![figure],
    unit: "",
    count: measured.all!.count,
    detail: parts(measured, figure),
  });
  return [
    { ...row("recall@5, question set", set, "recall"), least: 0.85 },
    row("MRR, question set", set, "mrr"),
    row(`recall@5, question set among ${passages} passages of its own words`, among, "recall"),
    row(`MRR, question set among ${passages} passages of its own words`, among, "mrr"),
  ];
}

function speedRows({ taken, index, transactions, passages }: Measured): Row[] {
  const all = Object.values(taken).flat().map((seconds) => seconds * 1000);
  const each = Object.values(taken).map((times) => quantile(times, 0.95) * 1000);
  return [
    {
      name: `search in ${passages} passages, p95`,
      value: quantile(all, 0.95),
      unit: "ms",
      goal: 30,
      noise: [quantile(each, 0.25), quantile(each, 0.75)],
      count: all.length,
      detail: `p50 ${quantile(all, 0.5).toFixed(1)} ms`,
    },
    {
      name: `cutting and indexing of ${passages} passages, behind what is written`,
      value: index,
      unit: "s",
      count: 1,
      detail: `${transactions.length} transactions, p50 ${words(quantile(transactions, 0.5))}, ` +
        `p99 ${words(quantile(transactions, 0.99))} ms`,
    },
  ];
}

function words(seconds: number): string {
  return (seconds * 1000).toFixed(1);
}
