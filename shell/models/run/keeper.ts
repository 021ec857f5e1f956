import { asErthError, ErthError } from "../../../errors.ts";
import { within } from "../../process/clock.ts";
import type { Change } from "../../gateway/events.ts";
import { type GgufInfo, readGguf } from "../gguf/gguf.ts";
import { IdleWatch } from "./idle_watch.ts";
import { failureOf, type LiveModel } from "./process.ts";
import type { ModelFailure, ModelSource, ModelState } from "./state.ts";
import type { Plan } from "./plan.ts";
import { serveModel, type ServeOptions } from "./serve.ts";

/** What a keeper is made of. */
export interface ModelKeeperOptions extends ServeOptions {
  sources: () => readonly ModelSource[];
  /** Tells pages, by the topic `models`. */
  publish: (change: Change) => void;
  /** Tells the sidecar. */
  onChange: () => void;
  /** Keeps in mind that a model crashes, or that a person tries it again all the same. */
  remember: (ref: string, failed?: ModelFailure) => void;
  /** What was kept in mind. */
  failed: (ref: string) => ModelFailure | undefined;
  /** How long an unused model stays, in milliseconds. */
  idle?: number;
}

/** A model that is to be loaded once there is room for it. */
interface Candidate {
  readonly source: ModelSource;
  /** Whether a person asked for it, not only an answer. */
  personal: boolean;
  /** Once its head is read. */
  info?: GgufInfo;
}

/** The one model that is loaded. */
interface Run {
  readonly ref: string;
  /** As it was when it was begun. */
  readonly source: ModelSource;
  readonly ending: AbortController;
  readonly info: GgufInfo;
  progress: number;
  told: number;
  plan?: Plan;
  live?: LiveModel;
  bytes?: number;
  done: Promise<void>;
}

/** Progress is told in steps of this. */
const STEP = 0.02;

/**
 * Loads one model at a time, and none without reason: an answer wants it, or a person. Another one
 * takes its place as soon as no answer uses it. Unused for ten minutes, or when memory runs short,
 * it goes. One that failed is loaded again by a person's word only.
 */
export class ModelKeeper {
  readonly #options: ModelKeeperOptions;
  readonly #wants = new Set<string>();
  readonly #candidates = new Map<string, Candidate>();
  readonly #failures = new Map<string, ModelFailure>();
  readonly #speeds = new Map<string, number>();
  readonly #watch: IdleWatch;
  #run: Run | undefined;
  #stopped = false;

  constructor(options: ModelKeeperOptions) {
    this.#options = options;
    this.#watch = new IdleWatch({ ...options, onDue: (why) => this.#end(why) });
  }

  /**
   * Loads a model because a person says so, even if it failed before. Returns at once.
   *
   * @throws {ErthError} `MODEL_NOT_FOUND`.
   */
  load(ref: string): void {
    const source = this.#source(ref);
    if (source === undefined) throw new ErthError("MODEL_NOT_FOUND", ref);
    this.#failures.delete(ref);
    if (this.#options.failed(ref) !== undefined) this.#options.remember(ref);
    this.#enqueue(source, true);
  }

  /** Unloads a model, or all; cancels its load. Answers that use it are cut short. */
  unload(ref?: string): void {
    if (ref === undefined) this.#candidates.clear();
    else this.#candidates.delete(ref);
    if (this.#run !== undefined && (ref ?? this.#run.ref) === this.#run.ref) this.#end("asked");
    this.#changed();
  }

  /** An answer needs it; may be said again. */
  wanted(ref: string): void {
    const source = this.#source(ref);
    if (source === undefined) return;
    this.#wants.add(ref);
    if (this.#failure(ref) === undefined) this.#enqueue(source, false);
    if (this.#run?.ref === ref) this.#watch.cancel();
  }

  /**
   * The last of the answers that wanted it has ended.
   *
   * @param speed Of that answer, in tokens per second.
   */
  released(ref: string, speed?: number): void {
    if (speed !== undefined && speed > 0) this.#speeds.set(ref, speed);
    this.#wants.delete(ref);
    this.#unused();
  }

  /** The sidecar is gone, and with it all its answers. */
  generationEnded(): void {
    this.#wants.clear();
    this.#unused();
  }

  /** Files or settings are others: a loaded model goes or is loaded anew, once it is unused. */
  refresh(): void {
    const run = this.#run;
    if (run === undefined || run.ending.signal.aborted || this.#isUsed(run.ref)) return;
    const source = this.#source(run.ref);
    if (source === undefined) return this.#end("gone");
    if (isLoadedAlike(source, run.source)) return;
    this.#end("other settings");
    this.#enqueue(source, true);
  }

  /** How a model stands. */
  state(ref: string): ModelState {
    const run = this.#run;
    const speed = this.#speeds.get(ref);
    if (run?.ref === ref && !run.ending.signal.aborted) {
      const { bytes, live, plan, progress, info: { tools } } = run;
      if (live === undefined) return { state: "loading", progress };
      return { state: "ready", progress: 1, ...live, context: plan?.context, tools, bytes, speed };
    }
    if (this.#candidates.has(ref)) return { state: "loading", progress: 0 };
    const failure = this.#failure(ref);
    if (failure !== undefined) return { state: "failed", progress: 0, ...failure };
    return { state: "idle", progress: 0, speed };
  }

  /** Ends the model process and starts no other. */
  async stop(ms: number): Promise<void> {
    this.#stopped = true;
    this.#candidates.clear();
    const { done = Promise.resolve() } = this.#run ?? {};
    this.#end("Erth ends");
    await within(this.#options.clock, ms, done);
  }

  #source(ref: string): ModelSource | undefined {
    return this.#options.sources().find((source) => source.ref === ref);
  }

  #failure(ref: string): ModelFailure | undefined {
    return this.#failures.get(ref) ?? this.#options.failed(ref);
  }

  #isUsed(ref: string): boolean {
    return this.#wants.has(ref);
  }

  #enqueue(source: ModelSource, personal: boolean): void {
    const { ref } = source;
    const run = this.#run;
    if (this.#stopped || (run?.ref === ref && !run.ending.signal.aborted)) return;
    const waiting = this.#candidates.get(ref);
    if (waiting !== undefined) {
      waiting.personal ||= personal;
      return;
    }
    // What a person asked for before that isn't what they want now.
    if (personal) this.#dropIdle();
    const candidate: Candidate = { source, personal };
    this.#candidates.set(ref, candidate);
    this.#changed();
    void this.#check(candidate);
  }

  /** Looks at a file before anything is unloaded for it. */
  async #check(candidate: Candidate): Promise<void> {
    const { ref, path } = candidate.source;
    try {
      candidate.info = await readGguf(path);
    } catch (error) {
      if (this.#candidates.get(ref) !== candidate) return;
      this.#candidates.delete(ref);
      this.#fail(ref, asErthError(error, "MODEL_DAMAGED"));
    }
    this.#next();
  }

  /** Loads what waits, or makes room for it. */
  #next(): void {
    const next = [...this.#candidates.values()].find(({ info }) => info !== undefined);
    if (next?.info === undefined || this.#stopped) return;
    if (this.#run !== undefined) {
      if (!this.#isUsed(this.#run.ref)) this.#end("replaced");
      return;
    }
    const { source, info } = next;
    this.#candidates.delete(source.ref);
    const [ending, done] = [new AbortController(), Promise.resolve()];
    const run: Run = { ref: source.ref, source, ending, info, progress: 0, told: 0, done };
    this.#run = run;
    run.done = this.#live(run).catch((error) => {
      if (!ending.signal.aborted) this.#fail(run.ref, asErthError(error, "MODEL_REFUSED"));
    }).then(() => {
      this.#watch.cancel();
      this.#run = undefined;
      this.#changed();
      this.#next();
    });
    this.#changed();
  }

  /** One process from its start to its end. */
  async #live(run: Run): Promise<void> {
    const { ending: { signal }, info, source } = run;
    const exit = await serveModel(this.#options, {
      source,
      info,
      signal,
      onPlan: (plan) => run.plan = plan,
      onProgress: (progress) => this.#progressed(run, progress),
      onReady: (live) => this.#ready(run, live),
      onMemory: (bytes) => {
        run.bytes = bytes;
        this.#options.publish({ topic: "models" });
      },
    });
    if (!signal.aborted) this.#fail(run.ref, failureOf(exit));
  }

  #progressed(run: Run, progress: number): void {
    run.progress = progress;
    if (progress - run.told < STEP) return;
    run.told = progress;
    this.#changed();
  }

  #ready(run: Run, live: LiveModel): void {
    if (run.ending.signal.aborted) return;
    run.live = live;
    this.#changed();
    this.#unused();
    this.#next();
  }

  #fail(ref: string, { code, detail }: ModelFailure): void {
    const failure = { code, detail };
    this.#options.log.warn("model.failed", { ref, ...failure });
    this.#failures.set(ref, failure);
    // What the file or the memory forbids is found again at once; a crash would be another crash.
    if (code === "MODEL_CRASHED") this.#options.remember(ref, failure);
    this.#changed();
  }

  #end(why: string): void {
    const run = this.#run;
    if (run === undefined || run.ending.signal.aborted) return;
    this.#options.log.info("model.unloading", { ref: run.ref, why });
    run.ending.abort();
    this.#changed();
  }

  /** Somebody let go: what only answers waited for isn't needed any more, and the clock runs. */
  #unused(): void {
    this.#dropIdle((candidate) => !candidate.personal);
    this.#changed();
    this.#next();
    this.refresh();
    const run = this.#run;
    if (run?.live !== undefined && !this.#isUsed(run.ref)) this.#watch.start();
  }

  /** Forgets what waits to be loaded though no answer wants it. */
  #dropIdle(fits: (candidate: Candidate) => boolean = () => true): void {
    for (const [ref, candidate] of this.#candidates) {
      if (!this.#isUsed(ref) && fits(candidate)) this.#candidates.delete(ref);
    }
  }

  #changed(): void {
    this.#options.publish({ topic: "models" });
    this.#options.onChange();
  }
}

/** Whether what only a load can change is the same. */
function isLoadedAlike(a: ModelSource, b: ModelSource): boolean {
  const { context, threads } = a.settings;
  return a.path === b.path && context === b.settings.context && threads === b.settings.threads;
}
