import { join } from "node:path";
import { LineLog } from "../../log.ts";
import { childEnvironment } from "../../shell/process/child.ts";
import { type Clock, systemClock } from "../../shell/process/clock.ts";
import { ModelKeeper, type ModelKeeperOptions } from "../../shell/models/run/keeper.ts";
import { modelCommand } from "../../shell/models/run/command.ts";
import type { ModelFailure, ModelSource, ModelState } from "../../shell/models/run/state.ts";
import type { Memory } from "../../shell/models/run/plan.ts";
import type { ModelSettings } from "../../shell/models/settings/settings.ts";
import { isAlive, poll, ROOT } from "../harness.ts";

const PYTHON = join(ROOT, ".venv", "bin", "python");
const PLENTY = 64 * 1024 ** 3;
const PATIENCE_MS = 30_000;

/** Writes a GGUF file as `tests/fixtures/tiny_gguf.py` says. */
export async function writeModel(path: string, ...args: string[]): Promise<void> {
  const script = join(ROOT, "tests", "fixtures", "tiny_gguf.py");
  const { success, stderr } = await new Deno.Command(PYTHON, { args: [script, path, ...args] })
    .output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/** What can be told apart in a rig. */
export interface RigOptions {
  clock?: Clock;
  idle?: number;
  times?: ModelKeeperOptions["times"];
}

/** A keeper with real model processes, and files in a folder of its own. */
export class Rig implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "models test " });
  readonly sources: ModelSource[] = [];
  readonly remembered = new Map<string, ModelFailure>();
  readonly log = new LineLog(() => {});
  readonly keeper: ModelKeeper;
  /** What every call of `memory` finds. */
  memory: Memory = { total: PLENTY, available: PLENTY };
  /** Settings of the models to be added. */
  settings: ModelSettings = { context: 512, threads: 1 };
  // Their server closes a connection after a stream, and says nothing of it before.
  readonly #client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  readonly #listeners = new Set<() => void>();

  constructor({ clock = systemClock, idle, times }: RigOptions = {}) {
    this.keeper = new ModelKeeper({
      sources: () => this.sources,
      command: modelCommand({
        parts: { llama: fail, sidecar: fail },
        command: [PYTHON, "-m", "erth_sidecar"],
        env: childEnvironment(Deno.env.toObject()),
      }),
      memory: () => this.memory,
      processors: 2,
      clock,
      random: () => 0,
      log: this.log,
      publish: () => {},
      onChange: () => this.#listeners.forEach((listen) => listen()),
      remember: (ref, failed) =>
        failed ? this.remembered.set(ref, failed) : this.remembered.delete(ref),
      failed: (ref) => this.remembered.get(ref),
      idle,
      times,
    });
  }

  /** Writes a model; its reference. */
  async add(name: string, ...args: string[]): Promise<string> {
    await writeModel(this.path(name), ...args);
    return this.know(name);
  }

  /** A file that is there already. */
  know(name: string): string {
    const ref = `local/${name}`;
    this.sources.push({ ref, path: this.path(name), settings: this.settings });
    return ref;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Waits until a model is in a state; what it is then. */
  async until(ref: string, fits: (state: ModelState) => boolean): Promise<ModelState> {
    const { promise, resolve, reject } = Promise.withResolvers<ModelState>();
    const look = () => {
      const state = this.keeper.state(ref);
      if (fits(state)) resolve(state);
    };
    const late = () => reject(new Error(`Stuck: ${JSON.stringify(this.keeper.state(ref))}`));
    const timer = setTimeout(late, PATIENCE_MS);
    this.#listeners.add(look);
    look();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#listeners.delete(look);
    }
  }

  /** Loads a model and waits for it. */
  async ready(ref: string): Promise<Required<Pick<ModelState, "url" | "key" | "pid">>> {
    this.keeper.load(ref);
    const { state, url, key, pid, detail } = await this.until(ref, isSettled);
    if (state !== "ready") throw new Error(`Not ready: ${detail}`);
    return { url: url!, key: key!, pid: pid! };
  }

  /** One request to a model's server, over a connection of its own. */
  async fetch(url: string, init: RequestInit = {}): Promise<Response> {
    return await fetch(url, { ...init, client: this.#client });
  }

  /** Has a ready model say something; the answer to the request. */
  async ask(
    ref: string,
    more: Record<string, unknown> = {},
    signal?: AbortSignal,
  ): Promise<Response> {
    const { url, key } = this.keeper.state(ref);
    const messages = [{ role: "user", content: "Hello" }];
    return await this.fetch(`${url}/chat/completions`, {
      method: "POST",
      signal,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "model", messages, max_tokens: 8, ...more }),
    });
  }

  /** The model processes that this one has started. */
  children(): number[] {
    return modelsOf(Deno.pid);
  }

  /** Waits until a process is gone. */
  async gone(pid: number): Promise<void> {
    await poll(() => !isAlive(pid), PATIENCE_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.keeper.stop(PATIENCE_MS);
    this.#client.close();
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Whether a load has come to an end, one way or the other. */
export function isSettled({ state }: ModelState): boolean {
  return state === "ready" || state === "failed";
}

/** The model process that another one has started; throws if there is none. */
export function modelOf(parent: number): number {
  const [pid] = modelsOf(parent);
  if (pid === undefined) throw new Error(`Process ${parent} has no model process`);
  return pid;
}

function modelsOf(parent: number): number[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => Number(name)).filter((pid) => {
    try {
      const status = Deno.readTextFileSync(`/proc/${pid}/status`);
      const words = Deno.readTextFileSync(`/proc/${pid}/cmdline`).split("\0").slice(0, -1);
      return status.includes(`PPid:\t${parent}\n`) && words.at(-1) === "model";
    } catch {
      return false;
    }
  });
}

function fail(): never {
  throw new Error("Nothing is unpacked from the sources");
}
