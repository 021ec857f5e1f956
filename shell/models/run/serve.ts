import type { Log } from "../../../log.ts";
import type { Spawn } from "../../process/child.ts";
import type { Clock } from "../../process/clock.ts";
import { STOPPED } from "../../process/line_process.ts";
import { type Exit, Supervisor } from "../../process/supervisor.ts";
import type { GgufInfo } from "../gguf/gguf.ts";
import { ModelService, type ModelServiceOptions } from "./process.ts";
import type { ModelSource } from "./state.ts";
import { type Memory, type Plan, planLoad } from "./plan.ts";

/** What running a model needs of its surroundings. */
export interface ServeOptions {
  /** How a model process is started. */
  command: ModelServiceOptions["command"];
  memory: () => Memory;
  processors: number;
  clock: Clock;
  /** Gives a number from 0 up to 1. */
  random: () => number;
  log: Log;
  spawn?: Spawn;
  times?: ModelServiceOptions["times"];
}

/** One run, and who hears of it. */
export interface ServeRun extends Pick<ModelServiceOptions, "onProgress" | "onReady" | "onMemory"> {
  source: ModelSource;
  info: GgufInfo;
  signal: AbortSignal;
  /** It is begun like this. */
  onPlan: (plan: Plan) => void;
}

/** One that crashed must not start again by itself: it would take the memory and crash again. */
const ONCE = { restarts: false };

/**
 * Runs a model from its start to its end, as suits it and the machine.
 *
 * @throws {ErthError} `MODEL_TOO_LARGE`.
 */
export async function serveModel(options: ServeOptions, run: ServeRun): Promise<Exit> {
  const { clock, command, log, memory, processors, random, spawn, times } = options;
  const { info, onMemory, onProgress, onReady, signal } = run;
  const { ref, path, parts = [path], settings } = run.source;
  const sizes = await Promise.all(parts.map(async (part) => (await Deno.stat(part)).size));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const plan = planLoad({ info, bytes, settings, memory: memory(), processors });
  run.onPlan(plan);
  const { context, slots, threads } = plan;
  log.info("model.loading", { ref, context, slots, threads, bytes: plan.bytes });
  const order = { path, files: parts, context, slots, threads };
  const hooks = { onMemory, onProgress, onReady };
  const service = new ModelService({ command, order, clock, log, spawn, times, ...hooks });
  const supervisor = new Supervisor({ service, clock, random, log, policy: ONCE });
  const stop = () => void supervisor.stop();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await supervisor.run() ?? { reason: STOPPED };
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
