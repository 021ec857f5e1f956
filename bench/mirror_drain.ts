import { join } from "node:path";
import { TextLineStream } from "@std/streams/text-line-stream";
import { poll } from "../tests/harness.ts";
import { Sqld } from "../tests/mirror/sqld.ts";
import { PYTHON } from "../tools/fetch/python.ts";
import { ROOT } from "../tools/steps/steps.ts";
import type { Figure } from "./lib/figure.ts";
import { quiet } from "./lib/quiet.ts";
import { quantile } from "./lib/stats.ts";
import { mirrorThread, openStore, waiting } from "./mirror_support.ts";

const CHANGES = 100_000;
const ROUNDS = 6;
const IDLE_MS = 4_000;
const LONGEST_MS = 120_000;
const MEMORY = "/dev/shm";

/**
 * What a note takes to be written through the sidecar's store, in a process of its own, while the
 * mirror's thread sends 100 000 changes of the same database; against the same with the triggers on
 * and no mirror running.
 */
export const mirrorDrain: Figure = {
  name: "mirror-drain",
  measure: async (say) => {
    const [busy, idle]: [number[][], number[][]] = [[], []];
    const seconds: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      // A remote's disk isn't this computer's: its files are kept in memory.
      const folder = await Deno.makeTempDir({ dir: MEMORY });
      await using server = await Sqld.start({ folder });
      const database = await waiting(CHANGES);
      const alone = async () => {
        await quiet();
        idle.push(await writing(database, () => wait(IDLE_MS)));
      };
      // Each goes first in every other round.
      if (round % 2 === 0) await alone();
      await quiet();
      busy.push(
        await writing(database, async () => {
          const begin = performance.now();
          await using _thread = mirrorThread(database, server.url);
          await drained(database);
          seconds.push((performance.now() - begin) / 1000);
        }),
      );
      if (round % 2 === 1) await alone();
      await server.kill();
      await Deno.remove(folder, { recursive: true });
      say(`${p99(busy.at(-1)!)} ms, idle ${p99(idle.at(-1)!)} ms, ${seconds.at(-1)!.toFixed(1)} s`);
    }
    const ratios = busy.map((taken, round) => quantile(taken, 0.99) / quantile(idle[round]!, 0.99));
    return [{
      name: `a note's write while ${CHANGES} changes drain, against idle, p99`,
      value: quantile(busy.flat(), 0.99) / quantile(idle.flat(), 0.99),
      unit: "×",
      goal: 2,
      noise: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
      count: busy.flat().length,
      detail: `${p99(busy.flat())} / ${p99(idle.flat())} ms, p50 ${p50(busy.flat())} / ` +
        `${p50(idle.flat())} ms, drained in ${quantile(seconds, 0.5).toFixed(1)} s`,
    }];
  },
};

const p50 = (taken: number[]) => quantile(taken, 0.5).toFixed(2);
const p99 = (taken: number[]) => quantile(taken, 0.99).toFixed(2);

/** Writes for as long as `work` takes; milliseconds of each note. */
async function writing(database: string, work: () => Promise<void>): Promise<number[]> {
  const child = new Deno.Command(PYTHON, {
    args: [join(ROOT, "bench", "mirror_writer.py"), database],
    env: { PYTHONPATH: join(ROOT, "sidecar") },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())
    .getReader();
  await lines.read();
  await work();
  await child.stdin.close();
  const { value } = await lines.read();
  await lines.cancel();
  await child.status;
  return JSON.parse(String(value));
}

/** Resolves when all that waited at first has been sent. */
async function drained(database: string): Promise<void> {
  const store = await openStore(database);
  try {
    await poll(() => {
      const [row] = store.rows<{ next: number | null }>(
        "SELECT min(version) AS next FROM mirror_pending",
      );
      return (row!.next ?? Infinity) > CHANGES;
    }, LONGEST_MS);
  } finally {
    store.close();
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
