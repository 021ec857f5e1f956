import { join } from "node:path";
import { Erth, poll } from "../tests/harness.ts";
import { Connection } from "./lib/connection.ts";
import type { Figure } from "./lib/figure.ts";
import { addNotes, WORK } from "./lib/programs.ts";
import { quantile } from "./lib/stats.ts";

const KILLS = 80;
const QUIET_MS = 200;

/** From `kill -9` of the sidecar to the next fragment, asked for at once. */
export const recovery: Figure = {
  name: "recovery",
  measure: async (say) => {
    const data = join(WORK, "recovery");
    await Deno.mkdir(data, { recursive: true });
    await using erth = await Erth.start({ data });
    await addNotes(erth, 20);
    const { port, pathname } = new URL(erth.url);
    using connection = await Connection.open(Number(port));
    const headers = { authorization: `Bearer ${erth.token}`, "hx-request": "true" };
    const taken: number[] = [];
    let killed = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const pid = await poll(async () => {
        const now = await erth.sidecar();
        return now === killed ? undefined : now;
      });
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
      const begin = performance.now();
      Deno.kill(killed = pid, "SIGKILL");
      const { status } = await connection.get(`${pathname}notes/list`, headers);
      taken.push(performance.now() - begin);
      if (status !== 200) throw new Error(`Cannot go on: after kill ${kill} came ${status}`);
    }
    say(`slowest ${Math.max(...taken).toFixed(0)} ms`);
    const noise: [number, number] = [quantile(taken, 0.25) / 1000, quantile(taken, 0.75) / 1000];
    const count = taken.length;
    const name = "sidecar killed → next fragment";
    return [
      {
        name: `${name}, p50`,
        value: quantile(taken, 0.5) / 1000,
        unit: "s",
        goal: 0.6,
        noise,
        count,
      },
      { name: `${name}, p99`, value: quantile(taken, 0.99) / 1000, unit: "s", goal: 1.2, count },
    ];
  },
};
