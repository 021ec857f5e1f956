import { assert, assertEquals } from "@std/assert";
import { Erth, poll } from "../harness.ts";

/** Enough for the runtime to have compiled what it will, and to have cleared its heap once. */
const WARM = { restarts: 30, requests: 20_000 };
const FULL = { restarts: 200, requests: 10_000 };
const GROWTH = 1.05;
const CLICKERS = 4;
const SAMPLES = 15;

/** What a process holds once it has come to rest. */
interface Holdings {
  descriptors: number;
  bytes: number;
}

/** The medians of some samples, so that a collection or a probe just then doesn't count. */
async function holdings(erth: Erth): Promise<Holdings> {
  const descriptors: number[] = [];
  const bytes: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample++) {
    // An answer between two samples: the clock is the program's own work.
    for (let request = 0; request < 20; request++) await erth.json("status");
    descriptors.push([...Deno.readDirSync(`/proc/${erth.pid}/fd`)].length);
    bytes.push(residentBytes(erth.pid));
  }
  return { descriptors: median(descriptors), bytes: median(bytes) };
}

/** The memory a process has in use; its own pages and those of files (proc(5), Rss). */
function residentBytes(pid: number): number {
  const rollup = Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`);
  return Number(/^Rss:\s+(\d+) kB$/m.exec(rollup)![1]) * 1024;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** Kills sidecars one after the other while requests go on, until there were enough of both. */
async function use(erth: Erth, { restarts, requests }: typeof FULL): Promise<void> {
  let left = requests;
  const clicking = Promise.all(
    Array.from({ length: CLICKERS }, async (_, clicker) => {
      while (left-- > 0) {
        if (clicker === 0) await erth.json("notes", { title: `Note ${left % 50}` });
        else await erth.json(clicker === 1 ? "notes?q=nothing" : "notes/list?q=nothing");
      }
    }),
  );
  clicking.catch(() => {});
  let last: number | undefined;
  for (let restart = 0; restart < restarts; restart++) {
    last = await erth.sidecar(last);
    const goal = left - requests / restarts / 2;
    await poll(() => left <= Math.max(0, goal));
    Deno.kill(last, "SIGKILL");
  }
  await erth.sidecar(last);
  await clicking;
}

Deno.test(`descriptors and memory hold over ${FULL.restarts} restarts and ${FULL.requests} requests`, async () => {
  await using erth = await Erth.start();
  await use(erth, WARM);
  const before = await holdings(erth);
  await use(erth, FULL);
  const after = await holdings(erth);
  const { generation } = (await erth.report()).sidecar;
  assertEquals(generation, 1 + WARM.restarts + FULL.restarts);
  const grown = (name: keyof Holdings) => after[name] / before[name];
  const told = JSON.stringify({ before, after });
  assert(grown("descriptors") <= GROWTH, told);
  assert(grown("bytes") <= GROWTH, told);
  console.log(told);
});
