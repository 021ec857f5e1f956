import type { Log } from "../../../log.ts";
import type { Spawn } from "../../process/child.ts";
import type { Clock } from "../../process/clock.ts";
import type { Exit } from "../../process/supervisor.ts";
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
  log: Log;
  spawn?: Spawn;
  times?: ModelServiceOptions["times"];
}

/** One run, and who hears of it. */
export interface ServeRun extends Pick<ModelServiceOptions, "onProgress" | "onReady" | "onMemory"> {
  source: ModelSource;
  info: GgufInfo;
  signal: AbortSignal;
  generation: number;
  /** It is begun like this. */
  onPlan: (plan: Plan) => void;
}

/**
 * Runs a model from its start to its end, as suits it and the machine.
 *
 * @throws {ErthError} `MODEL_TOO_LARGE`.
 */
export async function serveModel(options: ServeOptions, run: ServeRun): Promise<Exit> {
  const { clock, command, log, memory, processors, spawn, times } = options;
  const { generation, info, onMemory, onProgress, onReady, signal } = run;
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
  return await service.serve(signal, { generation, report: () => {} });
}
