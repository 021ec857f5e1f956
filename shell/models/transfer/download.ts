import { createHash } from "node:crypto";
import { ErthError } from "../../../errors.ts";
import { type Clock, pause } from "../../process/clock.ts";
import { removePrivately, replacePrivately } from "../../config/private_file.ts";
import { type DownloadTarget, followTo, shownError } from "./target.ts";
import { IncomingFile, sizeOf } from "./incoming_file.ts";
import type { Reach } from "../endpoints/reach.ts";

/** What is kept beside a download so that it can go on later. */
export interface Kept extends DownloadTarget {
  /** What the server says of this version of the file (RFC 9110 §8.8.3), to ask for the rest of it. */
  validator: string;
  /** Bytes in all, if the server told. */
  total?: number;
}

/** How far a download is. */
export interface DownloadState {
  phase: "running" | "waiting" | "checking";
  done: number;
  total?: number;
}

/** What one download is made of. */
export interface DownloadOptions {
  kept: Kept;
  /** Of the unfinished file; what is kept lies beside it. */
  part: string;
  reach: Reach;
  clock: Clock;
  random: () => number;
  onState: (state: DownloadState) => void;
}

const MOST_REDIRECTS = 10;
const MOST_TRIES = 6;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
const STALLED_MS = 30_000;
const MAGIC = "GGUF";
/** Statuses that may be another in a moment. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/** A try that failed in a way that another may not. */
class Interrupted extends Error {
  readonly wait: number | undefined;

  constructor(message: string, wait?: number) {
    super(message);
    this.wait = wait;
  }
}

/** Brings one file here, in as many pieces as it takes. */
export class Download {
  readonly #options: DownloadOptions;
  readonly #kept: Kept;
  #done = 0;

  constructor(options: DownloadOptions) {
    this.#options = options;
    this.#kept = options.kept;
  }

  /**
   * Resolves once the whole file is here and is what it should be; what came stays for another time
   * if `signal` ends it, or if it fails in a way that may pass.
   *
   * @throws {ErthError} `MODEL_URL`, `MODEL_FILE`, `MODEL_DOWNLOAD`, `MODEL_CHECKSUM`,
   * `MODEL_DISK`.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    this.settle();
    for (let tries = 1;; tries++) {
      const before = this.#done;
      try {
        await this.#fetch(signal);
        break;
      } catch (thrown) {
        signal.throwIfAborted();
        if (!(thrown instanceof Interrupted)) throw thrown;
        if (this.#done > before) tries = 1;
        if (tries >= MOST_TRIES) throw new ErthError("MODEL_DOWNLOAD", thrown.message);
        const doubled = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (tries - 1));
        this.#tell("waiting");
        const wait = pause(clock, thrown.wait ?? doubled * (0.75 + random() / 2));
        signal.addEventListener("abort", wait.cut, { once: true });
        await wait.over;
        signal.removeEventListener("abort", wait.cut);
        signal.throwIfAborted();
      }
    }
    await this.#check(signal);
  }

  /** Forgets it, with what has come. */
  discard(): void {
    const { part } = this.#options;
    // In this order, so that nothing stays that nobody knows of.
    this.#drop();
    removePrivately(`${part}.json`);
  }

  /** Deletes what has come if nothing can go on with it; how many bytes are here then. */
  settle(): number {
    const { part } = this.#options;
    // Without a sign of its version nobody could tell whether the rest belongs to what is here.
    if (this.#kept.validator === "") this.#drop();
    else this.#done = sizeOf(part) ?? 0;
    return this.#done;
  }

  #drop(): void {
    this.#done = 0;
    try {
      Deno.removeSync(this.#options.part);
    } catch {
      // Nothing has come yet.
    }
  }

  async #fetch(signal: AbortSignal): Promise<void> {
    const kept = this.#kept;
    this.settle();
    if (this.#done > 0 && this.#done === kept.total) return;
    this.#tell("running");
    const stalled = new AbortController();
    const stop = AbortSignal.any([signal, stalled.signal]);
    let cancel = () => {};
    const alive = () => {
      cancel();
      cancel = this.#options.clock.after(STALLED_MS, () => stalled.abort());
    };
    alive();
    try {
      const response = await this.#ask(stop);
      await this.#take(response);
      await this.#write(response.body ?? new Blob([]).stream(), alive);
    } catch (thrown) {
      if (thrown instanceof ErthError || thrown instanceof Interrupted) throw thrown;
      throw new Interrupted(stalled.signal.aborted ? "Nothing came any more" : shownError(thrown));
    } finally {
      cancel();
      stalled.abort();
    }
    if (kept.total !== undefined && this.#done < kept.total) {
      throw new Interrupted(`It ended after ${this.#done} of ${kept.total} bytes`);
    }
  }

  async #ask(signal: AbortSignal): Promise<Response> {
    const headers = new Headers({ "accept-encoding": "identity", "user-agent": "Erth" });
    if (this.#done > 0) {
      headers.set("range", `bytes=${this.#done}-`);
      headers.set("if-range", this.#kept.validator);
    }
    let url = new URL(this.#kept.url);
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const response = await this.#options.reach.fetch(url, { headers, signal });
      if (![301, 302, 303, 307, 308].includes(response.status)) return response;
      await response.body?.cancel();
      url = followTo(url, response.headers.get("location"));
    }
    throw new ErthError("MODEL_URL", `More than ${MOST_REDIRECTS} redirects`);
  }

  /** Understands what an answer holds: the whole file, its rest, or why there is neither. */
  async #take({ body, headers, status }: Response): Promise<void> {
    const kept = this.#kept;
    if (status === 206) {
      const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(
        headers.get("content-range") ?? "",
      ) ?? [];
      const same = total === "*" || kept.total === undefined || Number(total) === kept.total;
      if (Number(start) === this.#done && same) return;
      await body?.cancel();
      this.#forget();
      throw new Interrupted("The server sent another part than asked for", 0);
    }
    if (status === 416) {
      await body?.cancel();
      this.#forget();
      throw new Interrupted("The file is another now", 0);
    }
    if (status !== 200) {
      await body?.cancel();
      const detail = `The server answered ${status}`;
      if (!PASSING.has(status)) throw new ErthError("MODEL_DOWNLOAD", detail);
      const seconds = Number(headers.get("retry-after") ?? "");
      throw new Interrupted(detail, seconds > 0 ? Math.min(seconds, 600) * 1000 : undefined);
    }
    this.#done = 0;
    const length = headers.get("content-length");
    const tag = headers.get("etag") ?? "";
    kept.total = length === null ? undefined : Number(length);
    kept.validator = tag !== "" && !tag.startsWith("W/") ? tag : headers.get("last-modified") ?? "";
    this.#keep();
  }

  async #write(body: ReadableStream<Uint8Array>, alive: () => void): Promise<void> {
    const from = this.#done;
    const expected = (this.#kept.total ?? from) - from;
    using file = await IncomingFile.open(this.#options.part, { from, expected });
    for await (const chunk of body) {
      alive();
      if (this.#done === 0) checkMagic(chunk);
      await file.write(chunk);
      this.#done += chunk.byteLength;
      if (this.#done > (this.#kept.total ?? Infinity)) {
        this.#forget();
        throw new Interrupted("More came than the server had told");
      }
      this.#tell("running");
    }
    await file.finish();
  }

  async #check(signal: AbortSignal): Promise<void> {
    const { sha256 } = this.#kept;
    if (sha256 === "") return;
    this.#tell("checking");
    const hash = createHash("sha256");
    using file = await Deno.open(this.#options.part);
    for await (const chunk of file.readable) {
      signal.throwIfAborted();
      hash.update(chunk);
    }
    const found = hash.digest("hex");
    if (found !== sha256) throw new ErthError("MODEL_CHECKSUM", `It is ${found}, not ${sha256}`);
  }

  /** What came so far belongs to a file that isn't there any more. */
  #forget(): void {
    this.#done = 0;
    this.#kept.validator = "";
    delete this.#kept.total;
    this.#keep();
  }

  #keep(): void {
    replacePrivately(`${this.#options.part}.json`, JSON.stringify(this.#kept));
  }

  #tell(phase: DownloadState["phase"]): void {
    this.#options.onState({ phase, done: this.#done, total: this.#kept.total });
  }
}

/** @throws {ErthError} `MODEL_FILE`: then most often a page came in place of the file. */
function checkMagic(chunk: Uint8Array): void {
  const head = new TextDecoder("latin1").decode(chunk.subarray(0, MAGIC.length));
  if (MAGIC.startsWith(head)) return;
  throw new ErthError("MODEL_FILE", "What the server sends doesn't begin as a GGUF file does");
}
