import { join } from "node:path";
import { ErthError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { Clock } from "../process/clock.ts";
import type { Change } from "../gateway/events.ts";
import { type AssistantReport, assistantReport } from "./assistant.ts";
import { Downloads } from "./transfer/downloads.ts";
import { Dropped } from "./transfer/dropped.ts";
import { Endpoints } from "./endpoints/endpoints.ts";
import { ModelFiles } from "./files/files.ts";
import { readGguf } from "./gguf/gguf.ts";
import { ModelKeeper, type ModelKeeperOptions } from "./run/keeper.ts";
import type { Memory } from "./run/plan.ts";
import { Reach } from "./endpoints/reach.ts";
import { Relay } from "./endpoints/relay.ts";
import { type ModelsReport, modelsReport } from "./report.ts";
import { titleOf } from "./settings/names.ts";
import { AssistantFile } from "./settings/settings.ts";
import { Trash } from "./files/trash.ts";
import { Uploads } from "./transfer/uploads.ts";

/** What everything about models is made of. */
export interface ModelsOptions {
  /** The data folder. */
  data: string;
  /** How a model process is started. */
  command: ModelKeeperOptions["command"];
  /** Whether this is for a command that ends in a moment: nothing is begun by itself. */
  lazy: boolean;
  publish: (change: Change) => void;
  /** Tells the sidecar which models there are. */
  tell: () => void;
  memory: () => Memory;
  processors: number;
  clock: Clock;
  log: Log;
  random: () => number;
  /** Mints a UUIDv7. */
  mintId: () => string;
  /** Mints what opens the relay. */
  mintKey: () => string;
  equal: (a: string, b: string) => boolean;
}

/** Pages hear of what goes on no more often than this. */
const CALM_MS = 250;

/** Everything about models, put together: files, downloads, uploads, endpoints, and what runs. */
export class Models {
  readonly settings: AssistantFile;
  readonly files: ModelFiles;
  readonly keeper: ModelKeeper;
  readonly endpoints: Endpoints;
  readonly downloads: Downloads;
  readonly uploads: Uploads;
  readonly trash: Trash;
  readonly dropped: Dropped;
  /** Whether a model may be loaded that nobody waits for. */
  readonly lazy: boolean;
  readonly #options: ModelsOptions;
  readonly #reach = new Reach();
  readonly #relay: Relay;
  /** Models that were removed: where those lay that were only forgotten, which one was used. */
  readonly #removed = new Map<string, { path?: string; used: boolean }>();
  #due: (() => void) | undefined;

  constructor(options: ModelsOptions) {
    this.#options = options;
    this.lazy = options.lazy;
    const { clock, command, data, equal, log, memory, mintId, mintKey, processors, random } =
      options;
    const folder = join(data, "models");
    const reach = this.#reach;
    const show = () => this.#show();
    const changed = () => {
      this.keeper.refresh();
      options.tell();
      show();
    };
    this.settings = new AssistantFile(data, changed);
    const { settings } = this;
    this.files = new ModelFiles({ folder, settings, read: readGguf, onChange: changed });
    const { files } = this;
    this.keeper = new ModelKeeper({
      sources: () => files.sources(),
      command,
      memory,
      processors,
      clock,
      random,
      log,
      publish: show,
      onChange: options.tell,
      remember: (ref, failed) => files.remember(ref, failed),
      failed: (ref) => files.failed(ref),
    });
    this.endpoints = new Endpoints({ settings, reach, clock, log, onChange: changed });
    const { endpoints } = this;
    this.#relay = new Relay({
      find: (id) => endpoints.find(id),
      check: (endpoint) => endpoints.check(endpoint),
      onOutcome: (id, trouble) => endpoints.noted(id, trouble),
      reach,
      clock,
      log,
      mintKey,
      equal,
    });
    const onModel = (path: string) => this.take(path);
    this.downloads = new Downloads({
      folder,
      reach,
      clock,
      random,
      log,
      onChange: show,
      onModel,
    });
    const incoming = join(data, "incoming");
    this.uploads = new Uploads({ models: folder, incoming, mintId, onModel });
    const { uploads } = this;
    this.dropped = new Dropped({ uploads, clock, onModel });
    this.trash = new Trash({ folder, clock, log });
  }

  /**
   * Looks which models there are, cleans up after an earlier run, goes on with its downloads.
   *
   * @param quiet Until then everything waits that could be in the way of a start.
   */
  async start(quiet: Promise<unknown>): Promise<void> {
    const { clock, lazy } = this.#options;
    await this.files.refresh(false);
    await this.trash.clean();
    await this.uploads.clean(clock.now());
    await quiet.catch(() => {});
    this.downloads.restore(!lazy);
    await this.files.refresh();
  }

  /** Takes a file as a model; its reference. The first one is used from then on. */
  async take(path: string): Promise<string> {
    const ref = await this.files.add(path);
    this.choose(ref);
    return ref;
  }

  /** Uses a model if nobody has chosen another, and has it at hand. */
  choose(ref: string): void {
    if (this.settings.content.default !== null) return;
    // A part of it is still to come.
    if (this.files.find(ref)?.refused !== undefined) return;
    this.settings.change((content) => content.default = ref);
    if (!this.lazy && this.files.find(ref) !== undefined) this.keeper.load(ref);
  }

  /**
   * Takes a model off the list: a file in the folder of models goes, another one stays where it is.
   *
   * @throws {ErthError} `MODEL_NOT_FOUND`.
   */
  async remove(ref: string): Promise<{ ref: string; title: string; own: boolean }> {
    const { files, keeper, settings, trash } = this;
    const file = files.find(ref);
    if (file === undefined) throw new ErthError("MODEL_NOT_FOUND", ref);
    keeper.unload(ref);
    const used = settings.content.default === ref;
    this.#removed.set(ref, { used, ...file.own ? {} : { path: file.path } });
    if (file.own) await trash.remove(file);
    else files.forget(file);
    await files.refresh();
    if (used) settings.change((content) => content.default = null);
    return { ref, title: titleOf(file.name), own: file.own };
  }

  /**
   * Takes that back.
   *
   * @throws {ErthError} `MODEL_NOT_FOUND` if it is too late.
   */
  async restore(ref: string): Promise<void> {
    const removed = this.#removed.get(ref);
    if (removed === undefined) throw new ErthError("MODEL_NOT_FOUND", ref);
    if (removed.path === undefined) await this.trash.restore(ref);
    else await this.files.add(removed.path);
    this.#removed.delete(ref);
    await this.files.refresh();
    if (removed.used) this.choose(ref);
  }

  /** Looks which files there are now; asks endpoints too, and waits for them if it shall. */
  async look(wait = false): Promise<void> {
    const asked = this.endpoints.refresh();
    await this.files.refresh();
    if (wait) await asked;
  }

  /** What pages and commands are shown. */
  report(): ModelsReport {
    const { memory, processors } = this.#options;
    const { downloads, endpoints, files, keeper, settings } = this;
    return modelsReport({
      default: settings.used,
      files: files.list(),
      endpoints: endpoints.report(),
      downloads: downloads.list(),
      folder: files.folder,
      memory: memory(),
      processors,
      state: (ref) => keeper.state(ref),
      failed: (ref) => files.failed(ref),
      settings: (ref) => settings.settings(ref),
    });
  }

  /** What the sidecar is told. */
  assistant(): AssistantReport {
    const { endpoints, files, keeper, settings } = this;
    const relay = settings.content.endpoints.length > 0 ? this.#relay.open() : undefined;
    const sources = files.sources();
    return assistantReport({
      default: settings.used,
      sources,
      keeper,
      endpoints: endpoints.models(relay),
    });
  }

  /** Ends everything that runs, within so many milliseconds. */
  async stop(ms: number): Promise<void> {
    this.#due?.();
    this.downloads.stop();
    await Promise.all([this.keeper.stop(ms), this.#relay.close()]);
    this.#reach.close();
  }

  #show(): void {
    this.#due ??= this.#options.clock.after(CALM_MS, () => {
      this.#due = undefined;
      this.#options.publish({ topic: "models" });
    });
  }
}
