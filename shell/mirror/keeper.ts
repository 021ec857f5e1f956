import { asErthError, ErthError } from "../../errors.ts";
import type { MirrorStart } from "../../db/mirror/messages.ts";
import type { Log } from "../../log.ts";
import { type Clock, within } from "../process/clock.ts";
import type { Connection, ConnectionFile } from "./connection_file.ts";
import type { Change } from "../gateway/events.ts";
import { MirrorLog } from "./log.ts";
import { MirrorNews } from "./news.ts";
import type { MirrorQuestion, MirrorReport } from "./report.ts";
import { MirrorRunner } from "./runner.ts";
import { readTarget, type TargetWish } from "./target.ts";
import type { MirrorThread, MirrorWorker } from "./thread.ts";

/** What a connection is asked for with. */
export interface ConnectWish extends TargetWish {
  /** What other devices shall call this one; by default what they call it already. */
  deviceName?: string;
  /** Both sides may be merged. */
  merge?: boolean;
}

/** What the mirror's keeper is made of. */
export interface MirrorKeeperOptions {
  file: ConnectionFile;
  spawn: () => MirrorWorker;
  /** How the database is opened; asked for after `storeIsReady`. */
  place: () => Promise<Pick<MirrorStart, "database" | "synchronous" | "addon" | "fault">>;
  version: string;
  /** This computer's name. */
  deviceName: string;
  /** Whether it waits until there is something to do: for a command that ends in a moment. */
  lazy: boolean;
  publish: (change: Change) => void;
  log: Log;
  clock: Clock;
  random: () => number;
}

const QUESTION_MS = 10 * 60_000;
const STOP_MS = 2_000;
const STORE_MS = 15_000;

/**
 * Keeps the connection to a remote, and mirrors while there is one. Whatever becomes of that, page
 * and sidecar don't notice.
 */
export class MirrorKeeper {
  readonly #options: MirrorKeeperOptions;
  readonly #log: MirrorLog;
  readonly #runner: MirrorRunner;
  readonly #news: MirrorNews;
  readonly #store = Promise.withResolvers<void>();
  #connection: Connection | undefined;
  #asked: { question: MirrorQuestion; wish: ConnectWish; until: number } | undefined;
  /** Connecting and disconnecting happen one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  /** A start that was caused by a commit or by the store, and may still be under way. */
  #begun: Promise<void> = Promise.resolve();
  #ending = false;

  constructor(options: MirrorKeeperOptions) {
    this.#options = options;
    const { clock, file, log, publish, random, spawn } = options;
    this.#connection = file.read();
    this.#log = new MirrorLog(log, clock);
    this.#runner = new MirrorRunner({
      spawn,
      clock,
      random,
      log: this.#log,
      onState: ({ phase }) => this.#follow(phase),
      onChanged: (changes) => this.#news.changed(changes),
    });
    this.#news = new MirrorNews({ publish, clock, report: () => this.report() });
  }

  /** The database has the schema that this Erth knows: the thread may open it. */
  storeIsReady(): void {
    this.#store.resolve();
    if (!this.#options.lazy) this.#begin();
  }

  /** What there is to show. */
  report(): MirrorReport {
    const asking = this.#question()?.question;
    const more = asking ? { asking } : {};
    const deviceName = this.#connection?.deviceName ?? this.#options.deviceName;
    if (this.#connection === undefined) return { phase: "off", deviceName, ...more };
    return { ...this.#runner.state, url: this.#connection.url, deviceName, ...more };
  }

  /** Something was committed here. */
  committed(): void {
    this.#runner.committed();
    this.#begin();
  }

  /** Whether a page is in sight. */
  front(front: boolean): void {
    this.#runner.front(front);
  }

  /**
   * Checks a remote and connects to it, in the place of the one before.
   *
   * @throws {ErthError} `MIRROR_URL`, `MIRROR_AUTH`, `MIRROR_OFFLINE`, `MIRROR_FOREIGN` …;
   * `MIRROR_MERGE` if both sides hold data and nobody has said yes to that: `agree` does.
   */
  connect(wish: ConnectWish): Promise<void> {
    return this.#inTurn(() => this.#connect(wish));
  }

  /** Says yes to the question that `report` shows. */
  async agree(): Promise<void> {
    const asked = this.#question();
    if (asked === undefined) throw new ErthError("MIRROR_NOT_CONNECTED", "Nothing was asked");
    await this.connect({ ...asked.wish, merge: true });
  }

  /** Drops the question. */
  decline(): void {
    this.#asked = undefined;
    this.#news.state();
  }

  /** Ends mirroring and forgets address and token. Data stays on both sides. */
  disconnect(): Promise<void> {
    return this.#inTurn(async () => {
      this.#connected();
      await this.#runner.stop(STOP_MS);
      this.#options.file.remove();
      this.#connection = this.#asked = undefined;
      this.#options.log.info("mirror.disconnected");
      this.#news.state();
    });
  }

  /**
   * Brings everything up to date, however long that takes.
   *
   * @throws {ErthError} why it can't be; `MIRROR_ROW_…` if entries had to be left out.
   */
  async now(): Promise<void> {
    const state = await this.#runner.now(await this.#thread());
    const [aside] = state.aside;
    if (aside !== undefined) throw new ErthError(aside.code, `${aside.table} ${aside.id}`);
  }

  /** Takes a device off the remote's list. */
  async forget(device: string): Promise<void> {
    await (await this.#thread()).forget(device);
  }

  /** Takes note of what the notices say. */
  async dismiss(): Promise<void> {
    (await this.#thread()).tell({ order: "dismiss" });
  }

  /** Resolves when it is known how the mirror stands, or after `ms` milliseconds. */
  async settled(ms: number): Promise<void> {
    if (this.#connection === undefined) return;
    await this.#run();
    await this.#runner.settled(ms);
  }

  /** Ends in order within `ms` milliseconds: what waits is sent, if that is possible at once. */
  async stop(ms: number): Promise<void> {
    const { clock } = this.#options;
    const end = clock.monotonic() + ms;
    this.#news.stop();
    await within(clock, ms / 2, this.#begun);
    this.#ending = true;
    await this.#runner.stop(end - clock.monotonic());
  }

  async #connect(wish: ConnectWish): Promise<void> {
    const { clock, file, log } = this.#options;
    const target = readTarget(wish);
    const { error } = this.#runner.state;
    const again = this.#connection?.url === target.url;
    if (again) target.token ||= this.#connection!.token;
    // To the remote that it is connected with there is nothing to ask, such as for a fresh token.
    const expected = again && error?.code !== "MIRROR_REMOTE_SWAPPED" &&
      error?.code !== "MIRROR_MERGE";
    const deviceName = wish.deviceName?.trim() || this.report().deviceName;
    await this.#storeOpens();
    const probe = await this.#runner.probe(await this.#startOf({ ...target, deviceName }));
    if (probe.remote === "foreign") throw new ErthError("MIRROR_FOREIGN");
    const { localRows, remoteRows, devices } = probe;
    const known = expected || probe.known;
    if (localRows > 0 && remoteRows > 0 && !known && !wish.merge) {
      const question = { url: target.url, deviceName, localRows, remoteRows, devices };
      const until = clock.monotonic() + QUESTION_MS;
      this.#asked = { question, wish: { ...wish, ...target, deviceName }, until };
      this.#news.state();
      throw new ErthError("MIRROR_MERGE", `${localRows} entries here, ${remoteRows} there`);
    }
    await this.#runner.stop(STOP_MS);
    this.#asked = undefined;
    const merge = !known || wish.merge ? { merge: true } : {};
    this.#connection = { ...target, deviceName, ...merge };
    file.write(this.#connection);
    this.#log.forget();
    log.info("mirror.connected", { remote: target.url });
    this.#news.state();
    await this.#run();
  }

  #begin(): void {
    this.#begun = this.#run().catch((thrown) => {
      const { code, detail } = asErthError(thrown);
      this.#log.write("error", "mirror.unstarted", { code, detail });
    });
  }

  /** Starts mirroring, if there is a connection and nothing runs. */
  async #run(): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) return;
    await this.#storeOpens();
    const start = await this.#startOf(connection);
    // While that was waited for, it may have been disconnected, or connected elsewhere.
    if (connection === this.#connection && !this.#ending) this.#runner.start(start);
  }

  async #startOf(connection: Connection): Promise<MirrorStart> {
    const { place, version } = this.#options;
    return { ...connection, ...await place(), version, merge: connection.merge ?? false };
  }

  async #thread(): Promise<MirrorThread> {
    this.#connected();
    await this.#run();
    this.#connected();
    const { thread } = this.#runner;
    if (thread === undefined) throw new ErthError("INTERNAL", "Erth is ending");
    return thread;
  }

  /** Once both sides are equal, the merge that was allowed is done. */
  #follow(phase: string): void {
    if (phase === "current" && this.#connection?.merge) {
      delete this.#connection.merge;
      this.#options.file.write(this.#connection);
    }
    this.#news.state();
  }

  async #storeOpens(): Promise<void> {
    if (await within(this.#options.clock, STORE_MS, this.#store.promise)) return;
    throw new ErthError("STORE_BUSY", "The database isn't open yet");
  }

  #question() {
    return this.#asked && this.#options.clock.monotonic() < this.#asked.until
      ? this.#asked
      : undefined;
  }

  #connected(): void {
    if (this.#connection === undefined) throw new ErthError("MIRROR_NOT_CONNECTED");
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }
}
