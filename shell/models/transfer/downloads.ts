import { join } from "node:path";
import { asErthError, ErthError } from "../../../errors.ts";
import type { Log } from "../../../log.ts";
import type { Clock } from "../../process/clock.ts";
import { parseObject } from "../../process/lines.ts";
import { replacePrivately } from "../../config/private_file.ts";
import { Download, type DownloadState, type Kept } from "./download.ts";
import { readDownload, shownUrl } from "./target.ts";
import { offer, sizeOf } from "./incoming_file.ts";
import { freeName } from "../settings/names.ts";
import type { Reach } from "../endpoints/reach.ts";

/** What a page shows of a download. */
export interface DownloadReport {
  id: string;
  name: string;
  /** Host and path alone: what else is in an address may be secret. */
  from: string;
  phase: DownloadState["phase"] | "paused" | "failed";
  /** Bytes. */
  done: number;
  total?: number;
  /** Bytes in a second. */
  rate?: number;
  code?: string;
  detail?: string;
}

/** Where downloads go. */
export interface DownloadsOptions {
  /** The folder of models. */
  folder: string;
  reach: Reach;
  clock: Clock;
  random: () => number;
  log: Log;
  /** There is something else to show. */
  onChange: () => void;
  /**
   * A file was added to the folder; resolves with its reference. Throws an `ErthError` if it is no
   * use.
   */
  onModel: (path: string) => Promise<string>;
}

interface Entry {
  kept: Kept;
  report: DownloadReport;
  /** Of a download under way. */
  ending?: AbortController;
  finished: Promise<string>;
}

const RATE_MS = 5_000;

/** The downloads of models: several at once, each of which goes on after a cut or a restart. */
export class Downloads {
  readonly #options: DownloadsOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: DownloadsOptions) {
    this.#options = options;
  }

  /** Those that aren't finished. */
  list(): DownloadReport[] {
    return [...this.#entries.values()].map(({ report }) => report);
  }

  /** Finds what an earlier run left unfinished; `go`: and goes on with it. */
  restore(go: boolean): void {
    for (const name of namesIn(this.#options.folder)) {
      if (!name.endsWith(".part.json")) continue;
      const kept = readKept(join(this.#options.folder, name));
      // Its name is where the file goes to.
      if (kept === undefined || `${kept.name}.part.json` !== name) continue;
      if (this.#entries.has(kept.name)) continue;
      this.#add(kept, this.#download(kept, () => {}).settle());
      if (go) this.#begin(this.#entries.get(kept.name)!);
    }
  }

  /**
   * Begins a download, or goes on with one of the same address; its id. `finished` tells the end.
   *
   * @throws {ErthError} `MODEL_URL`.
   */
  start(url: string, checksum?: string): string {
    const target = readDownload(url, checksum);
    // A command asks before everything is up: what it left the last time must be known already.
    this.restore(false);
    const known = [...this.#entries.values()].find(({ kept }) => kept.url === target.url);
    if (known !== undefined) {
      if (target.sha256 !== "") known.kept.sha256 = target.sha256;
      this.#begin(known);
      return known.report.id;
    }
    Deno.mkdirSync(this.#options.folder, { recursive: true, mode: 0o700 });
    const taken = (it: string) => this.#entries.has(it) || this.#isThere(it);
    const kept: Kept = { ...target, name: freeName(target.name, taken), validator: "" };
    replacePrivately(`${this.#partOf(kept)}.json`, JSON.stringify(kept));
    const entry = this.#add(kept, 0);
    this.#begin(entry);
    return entry.report.id;
  }

  /** Goes on with one that failed or was paused. */
  resume(id: string): void {
    this.#begin(this.#find(id));
  }

  /** Resolves with the model's reference; rejects with what went wrong, or if it is cancelled. */
  finished(id: string): Promise<string> {
    return this.#find(id).finished;
  }

  /** Ends one and forgets what came of it. */
  cancel(id: string): void {
    const entry = this.#find(id);
    this.#entries.delete(entry.kept.name);
    entry.ending?.abort(new ErthError("MODEL_DOWNLOAD", "Cancelled"));
    if (entry.ending === undefined) this.#download(entry.kept, () => {}).discard();
    this.#options.onChange();
  }

  /** Pauses all, for another start to go on with. */
  stop(): void {
    const reason = new ErthError("MODEL_DOWNLOAD", "Erth is ending");
    for (const { ending } of this.#entries.values()) ending?.abort(reason);
  }

  #add(kept: Kept, done: number): Entry {
    const { name, total, url } = kept;
    const report: DownloadReport = { id: name, name, from: shownUrl(url), phase: "paused", done };
    if (total !== undefined) report.total = total;
    const entry = { kept, report, finished: Promise.resolve("") };
    this.#entries.set(name, entry);
    return entry;
  }

  #begin(entry: Entry): void {
    if (entry.ending !== undefined) return;
    entry.ending = new AbortController();
    entry.finished = this.#run(entry, entry.ending.signal);
    // Most callers never look: what failed shows in the list.
    entry.finished.catch(() => {});
    this.#options.onChange();
  }

  async #run(entry: Entry, signal: AbortSignal): Promise<string> {
    const { log, onChange, onModel } = this.#options;
    const { kept, report } = entry;
    const rate = meter(this.#options.clock);
    delete report.code;
    delete report.detail;
    report.phase = "running";
    const download = this.#download(kept, ({ done, phase, total }) => {
      Object.assign(report, { phase, done, total, rate: rate(done) });
      onChange();
    });
    try {
      log.info("model.download", { from: report.from });
      await download.run(signal);
      const path = join(this.#options.folder, freeName(kept.name, (it) => this.#isThere(it)));
      await Deno.rename(this.#partOf(kept), path);
      download.discard();
      const ref = await offer(path, onModel);
      log.info("model.downloaded", { from: report.from });
      this.#entries.delete(kept.name);
      return ref;
    } catch (thrown) {
      const error = asErthError(thrown, "MODEL_DOWNLOAD");
      if (!this.#entries.has(kept.name)) download.discard();
      else if (signal.aborted) report.phase = "paused";
      else this.#fail(entry, error, download);
      report.done = download.settle();
      throw error;
    } finally {
      delete entry.ending;
      delete report.rate;
      onChange();
    }
  }

  #fail({ kept, report }: Entry, { code, detail }: ErthError, download: Download): void {
    this.#options.log.warn("model.download_failed", { from: report.from, code, detail });
    Object.assign(report, { phase: "failed", code, detail });
    // What came is of no use. The address is kept, so that it can be tried again.
    if (code === "MODEL_DOWNLOAD" || code === "MODEL_DISK") return;
    download.discard();
    Object.assign(kept, { validator: "", total: undefined });
    delete report.total;
  }

  #download(kept: Kept, onState: (state: DownloadState) => void): Download {
    const { clock, random, reach } = this.#options;
    return new Download({ kept, part: this.#partOf(kept), reach, clock, random, onState });
  }

  #partOf({ name }: Kept): string {
    return join(this.#options.folder, `${name}.part`);
  }

  #isThere(name: string): boolean {
    return sizeOf(join(this.#options.folder, name)) !== undefined;
  }

  #find(id: string): Entry {
    const entry = this.#entries.get(id);
    if (entry === undefined) throw new ErthError("NOT_FOUND", `There is no download '${id}'`);
    return entry;
  }
}

/** Tells from how far something is how fast it goes, over the last few seconds. */
function meter(clock: Clock): (done: number) => number | undefined {
  const seen: [number, number][] = [];
  return (done) => {
    const now = clock.monotonic();
    seen.push([now, done]);
    while (seen.length > 2 && seen[0]![0] < now - RATE_MS) seen.shift();
    const [since, before] = seen[0]!;
    return now - since < 200 ? undefined : Math.max(0, done - before) * 1000 / (now - since);
  };
}

function readKept(path: string): Kept | undefined {
  try {
    const { name, sha256, total, url, validator } = parseObject(Deno.readTextFileSync(path)) ?? {};
    const texts = [name, sha256, url, validator];
    if (!texts.every((it) => typeof it === "string") || !URL.canParse(url as string)) return;
    const more = typeof total === "number" ? { total } : {};
    return { name, sha256, url, validator, ...more } as Kept;
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch {
    return [];
  }
}
