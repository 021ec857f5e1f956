import { poll } from "../tests/harness.ts";
import { FaultProxy } from "../tests/mirror/fault_proxy.ts";
import { Sqld } from "../tests/mirror/sqld.ts";
import type { Figure } from "./lib/figure.ts";
import { quantile } from "./lib/stats.ts";
import { mirrorThread, waiting } from "./mirror_support.ts";

const NOTES = 1_000;
const MINUTES = 3;
const MINUTE_MS = 60_000;
const SETTLED_MS = 10_000;
const TASKS = "/proc/self/task";

/**
 * What the mirror's thread costs when both sides are equal and nobody writes: the processor time of
 * all threads that came with it (proc(5), `schedstat`), and its requests as a proxy counts them.
 */
export const mirrorIdle: Figure = {
  name: "mirror-idle",
  measure: async (say) => {
    await using server = await Sqld.start();
    await using proxy = new FaultProxy(server.url);
    const database = await waiting(NOTES);
    const before = new Set(tasks());
    await using thread = mirrorThread(database, proxy.url);
    await poll(() =>
      thread.state?.phase === "current" && thread.state.listening && thread.state.pending === 0
    );
    await wait(SETTLED_MS);
    const own = tasks().filter((task) => !before.has(task));
    const [percents, requests]: [number[], number[]] = [[], []];
    for (let minute = 0; minute < MINUTES; minute++) {
      proxy.resetCounts();
      const [began, spent] = [performance.now(), spentBy(own)];
      await wait(MINUTE_MS);
      percents.push((spentBy(own) - spent) / (performance.now() - began) * 100);
      requests.push(proxy.counts.requests);
      say(`${percents.at(-1)!.toFixed(3)} %, ${requests.at(-1)} requests`);
    }
    const row = (name: string, unit: "%" | "requests", values: number[], goal: number) => ({
      name,
      value: quantile(values, 0.5),
      unit,
      goal,
      noise: [quantile(values, 0.25), quantile(values, 0.75)] as [number, number],
      count: values.length,
    });
    return [
      row("nothing to do: processor time of the mirror's thread", "%", percents, 0.2),
      row("nothing to do: requests in a minute", "requests", requests, 4),
    ];
  },
};

/** The threads of this process. */
function tasks(): string[] {
  return [...Deno.readDirSync(TASKS)].map(({ name }) => name);
}

/** Milliseconds of processor time that threads have had; one that has ended counts as none. */
function spentBy(threads: readonly string[]): number {
  const nanoseconds = threads.map((thread) => {
    try {
      return Number(Deno.readTextFileSync(`${TASKS}/${thread}/schedstat`).split(" ")[0]);
    } catch {
      return 0;
    }
  });
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6;
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
