import { createClient } from "@libsql/client";
import { join } from "node:path";
import { Sqld } from "../tests/mirror/sqld.ts";
import { run } from "../tools/steps/command.ts";
import { PYTHON } from "../tools/fetch/python.ts";
import { ROOT } from "../tools/steps/steps.ts";
import { type Figure, rowOf } from "./lib/figure.ts";
import { quiet } from "./lib/quiet.ts";
import { compare, summarize } from "./lib/stats.ts";
import { freshFolder, openStore, syncOnce, waiting } from "./mirror_support.ts";

const ROWS = 100_000;
const ROUNDS = 5;

/**
 * A new device's first fetch of all notes, until they are in its tables, against the first `sync()`
 * of a libSQL embedded replica of the same database. How long the full-text index takes afterwards,
 * which the replica hasn't got, is told besides.
 */
export const mirrorFirstPull: Figure = {
  name: "mirror-first-pull",
  measure: async (say) => {
    await using server = await Sqld.start({ grpc: true });
    const full = await openStore(await waiting(ROWS));
    await syncOnce(full, server.url, "Full");
    full.close();
    const [ours, theirs]: [number[], number[]] = [[], []];
    let index: number | undefined;
    for (let round = 0; round < ROUNDS; round++) {
      await quiet();
      const path = join(await freshFolder(), "local.db");
      ours.push(await firstPull(path, server.url));
      await quiet();
      theirs.push(await firstReplica(server.url));
      say(`Erth ${ours.at(-1)!.toFixed(2)} s, replica ${theirs.at(-1)!.toFixed(2)} s`);
      index ??= await indexAll(path);
    }
    return [
      rowOf("first fetch, against an embedded replica's first sync", compare(ours, theirs), {
        unit: "×",
        goal: 3,
        detail: `${words(ours)} / ${words(theirs)} s, ${ROWS} notes`,
      }),
      { name: "full-text index of these notes, behind it", value: index!, unit: "s", count: 1 },
    ];
  },
};

function words(times: number[]): string {
  return summarize(times).median.toFixed(2);
}

/** Seconds. */
async function firstPull(path: string, url: string): Promise<number> {
  const store = await openStore(path);
  const taken = await syncOnce(store, url, "New");
  check(store.rows<{ n: number }>("SELECT count(*) AS n FROM notes")[0]!.n);
  store.close();
  return taken / 1000;
}

/** Seconds. */
async function firstReplica(url: string): Promise<number> {
  const file = join(await freshFolder(), "replica.db");
  const client = createClient({ url: `file:${file}`, syncUrl: url });
  const begin = performance.now();
  await client.sync();
  const taken = performance.now() - begin;
  check(Number((await client.execute("SELECT count(*) AS n FROM notes")).rows[0]!.n));
  client.close();
  return taken / 1000;
}

/** Seconds that the sidecar takes to enter everything that waits for it. */
async function indexAll(database: string): Promise<number> {
  const script = join(ROOT, "bench", "mirror_index.py");
  const said = await run([PYTHON, script, database], {
    env: { PYTHONPATH: join(ROOT, "sidecar") },
  });
  return Number(said);
}

function check(rows: number): void {
  if (rows !== ROWS) throw new Error(`Cannot compare as ${ROWS} rows were to come: saw ${rows}`);
}
