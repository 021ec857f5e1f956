import { Display } from "./display.ts";
import { erthWindow, floorWindow } from "./programs.ts";
import { quiet } from "./quiet.ts";
import { type Program, type Times, timeStart } from "./start.ts";

const ROUNDS = 12;
const PAUSE_MS = 300;

/** The same rounds serve two figures. */
let rounds: Promise<Startups> | undefined;

/** Warm starts of Erth and of the C program, one right after the other, by turns. */
export interface Startups {
  erth: Times[];
  floor: Times[];
}

/** Measures once; asked again, it gives what was measured. */
export function startups(say: (words: string) => void): Promise<Startups> {
  return rounds ??= measure(say);
}

async function measure(say: (words: string) => void): Promise<Startups> {
  await using display = await Display.open();
  const programs = [await erthWindow(display.env), await floorWindow(display.env)] as const;
  const times: Record<string, Times[]> = {};
  for (let round = -1; round < ROUNDS; round++) {
    // Each goes first in every other round.
    const order = round % 2 === 0 ? programs : programs.toReversed();
    for (const program of order) {
      const time = await once(program);
      say(`${program.name}: ${words(time)}`);
      // The first round only warms up.
      if (round >= 0) (times[program.name] ??= []).push(time);
    }
  }
  return { erth: times[programs[0].name]!, floor: times[programs[1].name]! };
}

async function once(program: Program): Promise<Times> {
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  await quiet();
  return await timeStart(program);
}

function words({ loaded, fragment }: Times): string {
  const first = `loaded after ${loaded.toFixed(0)} ms`;
  return fragment === undefined ? first : `${first}, fragment after ${fragment.toFixed(0)} ms`;
}
