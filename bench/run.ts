/**
 * `deno task bench [name…]`: measures all figures or the named ones; a table on standard output,
 * everything in `build/bench.json`.
 *
 * @module
 */
import { join } from "node:path";
import { build } from "../tools/build/build.ts";
import { ROOT } from "../tools/steps/steps.ts";
import { chatThread } from "./chat_thread.ts";
import { earlier } from "./earlier.ts";
import { firstFragment } from "./first_fragment.ts";
import { fragment } from "./fragment.ts";
import { idleMemory } from "./idle_memory.ts";
import { type Figure, isMet, type Row, tableOf } from "./lib/figure.ts";
import { mirrorBytes } from "./mirror_bytes.ts";
import { mirrorDrain } from "./mirror_drain.ts";
import { mirrorFirstPull } from "./mirror_first_pull.ts";
import { mirrorIdle } from "./mirror_idle.ts";
import { mirrorPush } from "./mirror_push.ts";
import { mirrorVisible } from "./mirror_visible.ts";
import { modelSpeed } from "./model_speed.ts";
import { recovery } from "./recovery.ts";
import { retrieval } from "./retrieval.ts";
import { size } from "./size.ts";
import { store } from "./store.ts";
import { windowLoad } from "./window_load.ts";

const FIGURES: readonly Figure[] = [
  windowLoad,
  firstFragment,
  idleMemory,
  earlier,
  store,
  fragment,
  recovery,
  chatThread,
  size,
  mirrorDrain,
  mirrorPush,
  mirrorFirstPull,
  mirrorVisible,
  mirrorBytes,
  mirrorIdle,
  retrieval,
  modelSpeed,
];

const OUTPUT = join(ROOT, "build", "bench.json");

/** Measures the named figures, or all; whether every goal was met. */
async function bench(names: readonly string[]): Promise<boolean> {
  const figures = names.length === 0 ? FIGURES : names.map(figureOf);
  await build();
  const machine = describeMachine();
  const rows: (Row & { load: string })[] = [];
  for (const { name, measure } of figures) {
    console.error(`${name}, load ${load()}`);
    const measured = await measure((words) => console.error(`  ${words}`));
    rows.push(...measured.map((row) => ({ ...row, load: load() })));
  }
  await Deno.writeTextFile(OUTPUT, JSON.stringify({ machine, rows }, null, 2));
  const { system, cores, processor } = machine;
  const loads = `load ${machine.load} before, ${load()} after`;
  console.log(`${processor}, ${cores} cores, ${system}; ${loads}\n\n${tableOf(rows)}`);
  return rows.every(isMet);
}

function figureOf(name: string): Figure {
  const figure = FIGURES.find((figure) => figure.name === name);
  if (figure === undefined) {
    const names = FIGURES.map(({ name }) => name).join(", ");
    throw new RangeError(`Cannot measure '${name}' as there are only ${names}`);
  }
  return figure;
}

function describeMachine() {
  return {
    date: new Date().toISOString(),
    processor: Deno.readTextFileSync("/proc/cpuinfo").match(/^model name\s*: (.*)$/m)?.[1],
    system: `${Deno.build.target} ${Deno.osRelease()}`,
    cores: navigator.hardwareConcurrency,
    load: load(),
  };
}

/** The system's load averages over 1, 5 and 15 minutes. */
function load(): string {
  return Deno.loadavg().map((value) => value.toFixed(2)).join(" ");
}

if (!await bench(Deno.args)) {
  console.error("Some goals were not met.");
  Deno.exitCode = 1;
}
