import { play, type Sabotage } from "./run.ts";
import { Sqld } from "./sqld.ts";

/** Runs at a time: while one waits for the server, others go on. */
const TOGETHER = 4;

/**
 * Plays the runs of many seeds, each with its own database on one server.
 *
 * @param failed Told of each that goes wrong; what it returns says whether to go on.
 * @returns How many were played.
 */
export async function playSeeds(
  seeds: Iterable<number>,
  failed: (error: Error) => boolean,
  sabotage: Sabotage = {},
): Promise<number> {
  await using server = await Sqld.start({ namespaces: true });
  const rest = seeds[Symbol.iterator]();
  let isOver = false;
  let count = 0;
  const worker = async () => {
    for (;;) {
      const { value: seed, done } = rest.next();
      if (done || isOver) return;
      try {
        await playOne(server, seed, sabotage);
      } catch (error) {
        isOver ||= !failed(error as Error);
      }
      count++;
    }
  };
  await Promise.all(Array.from({ length: TOGETHER }, worker));
  return count;
}

/** The whole numbers from `from`, `count` of them. */
export function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

async function playOne(server: Sqld, seed: number, sabotage: Sabotage): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "erth-seed-" });
  const url = await server.fresh();
  try {
    await play(seed, url, folder, sabotage);
  } finally {
    await server.drop(url);
    await Deno.remove(folder, { recursive: true });
  }
}
