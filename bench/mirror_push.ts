import { join } from "node:path";
import { freePort, Sqld } from "../tests/mirror/sqld.ts";
import { poll } from "../tests/harness.ts";
import { run } from "../tools/steps/command.ts";
import { ROOT, step } from "../tools/steps/steps.ts";
import { type Figure, rowOf } from "./lib/figure.ts";
import { quiet } from "./lib/quiet.ts";
import { compare, quantile } from "./lib/stats.ts";
import { freshFolder, openStore, syncOnce, waiting } from "./mirror_support.ts";

const ROWS = 30_000;
const ROUNDS = 5;

const PEER = join(ROOT, "build", "bench", "sync");
const SERVER = join(PEER, "node_modules", "@tursodatabase", "cli-linux-x64-gnu", "tursodb");

/**
 * Notes that wait, sent to an empty server on the same machine: Erth's mirror to sqld, and
 * `@tursodatabase/sync` to its own server, the same rows by turns. Only the sending is timed.
 */
export const mirrorPush: Figure = {
  name: "mirror-push",
  measure: async (say) => {
    await peer();
    const [ours, theirs]: number[][] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      await quiet();
      ours!.push(await pushOwn());
      await quiet();
      theirs!.push(await pushPeer());
      say(`Erth ${ours!.at(-1)!.toFixed(0)}, the other ${theirs!.at(-1)!.toFixed(0)} rows/s`);
    }
    return [rowOf("rows pushed per second, against Turso's sync engine", compare(ours!, theirs!), {
      unit: "×",
      least: 5,
      detail: `${kilo(ours!)} / ${kilo(theirs!)} rows/s, ${ROWS} notes`,
    })];
  },
};

function kilo(rates: number[]): string {
  return `${(quantile(rates, 0.5) / 1000).toFixed(1)} k`;
}

/** Rows per second. */
async function pushOwn(): Promise<number> {
  await using server = await Sqld.start();
  const store = await openStore(await waiting(ROWS));
  const taken = await syncOnce(store, server.url, "Bench");
  store.close();
  const [row] = await server.execute("SELECT count(*) AS n FROM notes");
  return rate(Number(row!.n), taken);
}

async function pushPeer(): Promise<number> {
  const folder = await freshFolder();
  const store = await openStore(await waiting(ROWS));
  const rows = store.rows<Record<string, unknown>>(
    "SELECT id, title, body, tags, pinned, created_at, updated_at, deleted_at FROM notes",
  );
  store.close();
  const notes = join(folder, "notes.json");
  await Deno.writeTextFile(notes, JSON.stringify(rows.map((row) => Object.values(row))));
  const [port, database] = [freePort(), join(folder, "server.db")];
  const server = new Deno.Command(SERVER, {
    args: [database, "--sync-server", `127.0.0.1:${port}`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    await poll(async () => {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return true;
    });
    const script = join(PEER, "push.js");
    const said = await run([
      "node",
      script,
      `http://127.0.0.1:${port}`,
      join(folder, "local.db"),
      notes,
    ]);
    return rate(rows.length, Number(said));
  } finally {
    server.kill("SIGKILL");
    await server.status;
  }
}

function rate(rows: number, ms: number): number {
  if (rows !== ROWS) throw new Error(`Cannot compare as ${ROWS} rows were to arrive: saw ${rows}`);
  return rows / ms * 1000;
}

/** Gets the other engine and its server, as pinned in `bench/peer/sync`. */
async function peer(): Promise<void> {
  const from = join(ROOT, "bench", "peer", "sync");
  const files = ["package.json", "package-lock.json", "push.js"];
  await step({
    name: "sync engine to compare with",
    inputs: files.map((file) => `bench/peer/sync/${file}`),
    outputs: ["build/bench/sync/node_modules/turso/package.json"],
    run: async () => {
      await Deno.mkdir(PEER, { recursive: true });
      for (const file of files) await Deno.copyFile(join(from, file), join(PEER, file));
      const quietly = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
      await run(["npm", "install", "--no-save", ...quietly, "--prefix", PEER]);
    },
  });
}
