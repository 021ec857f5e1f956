/**
 * Plays random runs of the mirror for hours: many seeds, or one again to see what it did.
 *
 *   ./dev soak [--seeds N] [--from SEED]      convergence of four devices, 2000 seeds by default
 *   ./dev soak --seed S                       one of them
 *   ./dev soak --kills N [--seed S]           N rounds in which program, sidecar or server are killed
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { playRounds, ROUNDS_PER_SEED } from "../tests/mirror/rounds.ts";
import { playSeeds, range } from "../tests/mirror/seeds.ts";
import { build } from "./build/build.ts";

/** How often a sign of life is given, in seeds. */
const SIGN = 100;

const options = parseArgs(Deno.args, {
  string: ["seeds", "from", "seed", "kills"],
  unknown: (option: string) => refuse(`Cannot soak as this is no option: ${option}`),
});
Deno.exit((options.kills === undefined ? await convergence() : await kills()) ? 0 : 1);

async function convergence(): Promise<boolean> {
  const one = options.seed !== undefined;
  const first = number("from", one ? number("seed", 0) : 1);
  const count = one ? 1 : number("seeds", 2000);
  const wrong: string[] = [];
  for (let from = first; from < first + count; from += SIGN) {
    const seeds = range(from, Math.min(SIGN, first + count - from));
    await playSeeds(seeds, ({ message }) => {
      wrong.push(message.match(/^Seed (\d+)/)?.[1] ?? "?");
      console.error(message);
      return true;
    });
    console.error(`  seeds ${seeds[0]}–${seeds.at(-1)}: ${wrong.length} went wrong so far`);
  }
  if (wrong.length > 0) console.error(`Seeds that went wrong: ${wrong.join(", ")}`);
  return wrong.length === 0;
}

async function kills(): Promise<boolean> {
  const rounds = number("kills", 1000);
  await build();
  const first = number("seed", 1);
  const seeds = options.seed === undefined ? Math.ceil(rounds / ROUNDS_PER_SEED) : 1;
  let failed = 0;
  for (const seed of range(first, seeds)) {
    const most = seeds === 1 ? rounds : ROUNDS_PER_SEED;
    try {
      console.error(`  seed ${seed}: ${JSON.stringify(await playRounds(seed, most))}`);
    } catch (error) {
      failed++;
      console.error(error);
    }
  }
  return failed === 0;
}

function number(name: "seeds" | "from" | "seed" | "kills", otherwise: number): number {
  const text = options[name];
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  return refuse(`Cannot soak as '--${name}' must be a whole number: current value is ${text}`);
}

function refuse(why: string): never {
  console.error(why);
  Deno.exit(2);
}
