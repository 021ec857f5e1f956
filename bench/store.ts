import { generate } from "@std/uuid/v7";
import { join } from "node:path";
import { migrate, readMigrations } from "../db/store/migrate.ts";
import { DATABASE_NAME, Store } from "../db/store/store.ts";
import { run } from "../tools/steps/command.ts";
import { PYTHON } from "../tools/fetch/python.ts";
import { ROOT } from "../tools/steps/steps.ts";
import type { Figure, Row } from "./lib/figure.ts";
import { type Draft, drafts } from "./lib/notes.ts";
import { WORK } from "./lib/programs.ts";
import { quiet } from "./lib/quiet.ts";
import { quantile } from "./lib/stats.ts";

const SLICES = 6;
const PER_SLICE = 1000;
const WARM_UP = 300;
const QUIET = { debug() {}, info() {}, warn() {}, error() {} };
const INSERT =
  "INSERT INTO notes (id, title, body, tags, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)";
const SELECT = "SELECT id, title, body, tags, updated_at FROM notes WHERE id = ?";

/** Milliseconds of each call. */
interface Taken {
  inserts: number[];
  selects: number[];
}

/**
 * Notes of 30 + 200 characters and two tags, each in a transaction of its own, with the full-text
 * and all other triggers on; WAL, `synchronous=NORMAL`, a file on the disk.
 */
export const store: Figure = {
  name: "store",
  measure: async (say) => {
    const folder = join(WORK, "store");
    await Deno.remove(folder, { recursive: true }).catch(() => {});
    await Deno.mkdir(folder, { recursive: true });
    const path = join(folder, DATABASE_NAME);
    const own = await Store.open({ path, synchronous: "NORMAL" });
    migrate(own, await readMigrations(join(ROOT, "db", "migrations")), QUIET);
    const notes = drafts(PER_SLICE);
    throughShell(own, notes.slice(0, WARM_UP));
    const [shell, sidecar]: [Taken[], Taken[]] = [[], []];
    for (let slice = 0; slice < SLICES; slice++) {
      await quiet();
      shell.push(throughShell(own, notes));
      await quiet();
      sidecar.push(await throughSidecar(path, notes));
    }
    own.close();
    say(`${SLICES * PER_SLICE} notes each`);
    return [...rowsOf("db/store/store.ts", shell), ...rowsOf("sidecar's store", sidecar)];
  },
};

function throughShell(store: Store, notes: readonly Draft[]): Taken {
  const [inserts, selects]: [number[], number[]] = [[], []];
  const ids: string[] = [];
  for (const { title, body, tags } of notes) {
    const [id, now, list] = [generate(), new Date().toISOString(), JSON.stringify(tags)];
    const begin = performance.now();
    store.transaction(() => store.change(INSERT, id, title, body, list, now, now));
    inserts.push(performance.now() - begin);
    ids.push(id);
  }
  for (const id of ids) {
    const begin = performance.now();
    const rows = store.rows(SELECT, id);
    selects.push(performance.now() - begin);
    if (rows.length !== 1) throw new Error(`Cannot find note ${id} again`);
  }
  return { inserts, selects };
}

async function throughSidecar(path: string, notes: readonly Draft[]): Promise<Taken> {
  const script = join(ROOT, "bench", "store_sidecar.py");
  const file = join(WORK, "store", "notes.json");
  await Deno.writeTextFile(file, JSON.stringify([...notes.slice(0, WARM_UP), ...notes]));
  const env = { PYTHONPATH: join(ROOT, "sidecar") };
  const said: Taken = JSON.parse(await run([PYTHON, script, path, file], { env }));
  const [inserts, selects] = [said.inserts, said.selects].map((taken) =>
    taken.slice(WARM_UP).map((seconds) => seconds * 1000)
  );
  return { inserts: inserts!, selects: selects! };
}

function rowsOf(name: string, slices: Taken[]): Row[] {
  const row = (what: string, kind: keyof Taken, q: number, goal: number): Row => {
    const each = slices.map((slice) => quantile(slice[kind], q));
    const all = slices.flatMap((slice) => slice[kind]);
    return {
      name: `${what}, ${name}, p${q * 100}`,
      value: quantile(all, q),
      unit: "ms",
      goal,
      noise: [quantile(each, 0.25), quantile(each, 0.75)],
      count: all.length,
    };
  };
  return [
    row("insert", "inserts", 0.5, 0.1),
    row("insert", "inserts", 0.99, 5),
    row("select by key", "selects", 0.5, 0.05),
  ];
}
