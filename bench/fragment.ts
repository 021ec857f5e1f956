import { join } from "node:path";
import { Erth } from "../tests/harness.ts";
import { Connection } from "./lib/connection.ts";
import type { Figure, Row } from "./lib/figure.ts";
import { addNotes, WORK } from "./lib/programs.ts";
import { quiet } from "./lib/quiet.ts";
import { BareSidecar } from "./lib/sidecar.ts";
import { quantile } from "./lib/stats.ts";

const NOTES = 20;
const SLICES = 10;
const PER_SLICE = 300;
const WARM_UP = 200;

/** A page to ask for, and what that took in each slice of the run. */
interface Series {
  name: string;
  ask: () => Promise<void>;
  goals?: { p50: number; p99: number };
  slices: number[][];
}

/** A fragment through gateway and sidecar, and from the sidecar directly, on kept connections. */
export const fragment: Figure = {
  name: "fragment",
  measure: async (say) => {
    const data = join(WORK, "fragment");
    await Deno.mkdir(data, { recursive: true });
    await using erth = await Erth.start({ data });
    const [note] = await addNotes(erth, NOTES);
    await using sidecar = await BareSidecar.start(join(data, "local_edge.db"));
    const url = new URL(erth.url);
    using through = await Connection.open(Number(url.port));
    using direct = await Connection.open(sidecar.port);
    const goals = { p50: 1, p99: 5 };
    const list = "notes/list";
    const all: Series[] = [
      series(
        `list of ${NOTES} notes, through the gateway`,
        through,
        url.pathname + list,
        erth.token,
        goals,
      ),
      series(
        `list of ${NOTES} notes, from the sidecar directly`,
        direct,
        `/${list}`,
        sidecar.token,
      ),
      series(
        "one note, through the gateway",
        through,
        `${url.pathname}notes/${note}`,
        erth.token,
        goals,
      ),
      series("one note, from the sidecar directly", direct, `/notes/${note}`, sidecar.token),
    ];
    for (let slice = 0; slice < SLICES; slice++) {
      await quiet();
      for (const { ask, slices } of all) {
        await repeat(ask, WARM_UP);
        slices.push(await repeat(ask, PER_SLICE));
      }
    }
    say(`${SLICES * PER_SLICE} requests each`);
    return all.flatMap(rowsOf);
  },
};

function series(
  name: string,
  connection: Connection,
  path: string,
  token: string,
  goals?: Series["goals"],
): Series {
  const headers = { authorization: `Bearer ${token}`, "hx-request": "true" };
  const ask = async () => {
    const { status } = await connection.get(path, headers);
    if (status !== 200) throw new Error(`Cannot measure ${path}: its status is ${status}`);
  };
  return { name, ask, goals, slices: [] };
}

async function repeat(ask: () => Promise<void>, times: number): Promise<number[]> {
  const taken: number[] = [];
  for (let count = 0; count < times; count++) {
    const begin = performance.now();
    await ask();
    taken.push(performance.now() - begin);
  }
  return taken;
}

function rowsOf({ name, goals, slices }: Series): Row[] {
  const count = slices.flat().length;
  return ([["p50", 0.5], ["p99", 0.99]] as const).map(([label, q]) => {
    const each = slices.map((slice) => quantile(slice, q));
    const noise: [number, number] = [quantile(each, 0.25), quantile(each, 0.75)];
    const value = quantile(slices.flat(), q);
    return { name: `${name}, ${label}`, value, unit: "ms", goal: goals?.[label], noise, count };
  });
}
