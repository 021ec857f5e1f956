import { join } from "node:path";
import type { MirrorReport } from "../../shell/mirror/report.ts";
import type { Store } from "../../db/store/store.ts";
import { Erth, poll } from "../harness.ts";
import { Dice } from "./operations.ts";
import { assertAttached, assertEqualEverywhere, assertSound, openStore } from "./places.ts";
import { Sqld } from "./sqld.ts";
import { Ledger, Writer } from "./writer.ts";

/** The steps of the mirror at which the program can be made to end. */
export const POINTS = [
  "attempt.stored",
  "attempt.synced",
  "push.answered",
  "push.accepted",
  "push.crossed",
  "page.fetched",
  "page.applied",
  "pull.done",
] as const;

/** What a round kills from outside, besides a program that ends at a step by itself. */
const HITS = ["step", "step", "step", "app", "both apps", "sidecar", "sqld", "app and sqld"];

/** Rounds that one pair of devices lives through, which is what a seed stands for. */
export const ROUNDS_PER_SEED = 10;

const DEVICES = [0, 1];
/** How often a step is passed at most before it is the last one. */
const MOST_NTH = 4;
const MOST_EDITS = 12;
/** Within this time of a round somebody is killed. */
const HIT_MS = 400;
/** Within this time it is known that somebody died. */
const DEATH_MS = 1_000;
const MOST_TRIES = 4;

/** How often what was killed, where. */
export type Kills = Record<string, number>;

/**
 * Plays the rounds of a seed: two devices on one remote, edits on both while something is killed,
 * and afterwards every acknowledged edit everywhere once.
 *
 * @throws {Error} with how to replay it.
 */
export async function playRounds(seed: number, rounds = ROUNDS_PER_SEED): Promise<Kills> {
  const folder = await Deno.makeTempDir();
  const pair = await Pair.make(seed, folder);
  let round = 0;
  try {
    await pair.connect();
    for (; round < rounds; round++) await pair.round();
  } catch (cause) {
    const words = `Seed ${seed} went wrong in round ${round}; to replay it: ` +
      `./dev soak --kills ${rounds} --seed ${seed}`;
    const trace = pair.trace.slice(-12);
    throw new Error([words, ...trace, `What is left of it: ${folder}`].join("\n  "), { cause });
  } finally {
    await pair[Symbol.asyncDispose]();
  }
  await Deno.remove(folder, { recursive: true });
  return pair.kills;
}

/** Two devices, as their programs and databases, and the server between them. */
class Pair implements AsyncDisposable {
  readonly kills: Kills = {};
  readonly trace: string[] = [];
  readonly #dice: Dice;
  readonly #server: Sqld;
  readonly #ledger = new Ledger();
  readonly #folders: string[];
  readonly #writers: Writer[];
  readonly #devices: Erth[] = [];
  /** The step at which a device is to end. */
  readonly #armed: string[] = [];
  /** Those that have ended, and those of them that were killed from outside. */
  readonly #ended = new Set<Erth>();
  readonly #struck = new Set<Erth>();
  readonly #points: string[] = [];
  readonly #hits: string[] = [];

  private constructor(seed: number, folder: string, server: Sqld) {
    this.#dice = new Dice(seed);
    this.#server = server;
    this.#folders = DEVICES.map((device) => join(folder, String(device)));
    this.#writers = DEVICES.map((device) =>
      new Writer(this.#ledger, "AB"[device]!, new Dice(seed * DEVICES.length + device))
    );
  }

  static async make(seed: number, folder: string): Promise<Pair> {
    const pair = new Pair(seed, folder, await Sqld.start({ folder: join(folder, "remote") }));
    await Promise.all(DEVICES.map((device) => pair.#start(device, true)));
    return pair;
  }

  /** Connects both devices. */
  async connect(): Promise<void> {
    await this.#surviving(async () => {
      for (const erth of this.#devices) {
        const { phase } = await erth.json<MirrorReport>("mirror");
        if (phase === "off") await erth.json("shell/mirror/connect", { url: this.#server.url });
      }
    });
  }

  async round(): Promise<void> {
    const { id, version } = await this.#share();
    const hit = this.#draw("hits");
    const victim = this.#dice.below(DEVICES.length);
    const edits = DEVICES.map(() => this.#dice.below(MOST_EDITS) + 1);
    const delay = this.#dice.below(HIT_MS);
    this.trace.push(`${hit} on ${victim} after ${delay} ms, ${edits} edits`);
    await Promise.all([
      ...this.#devices.map(async (erth, device) => {
        await this.#writers[device]!.writeShared(erth, id, version);
        await this.#writers[device]!.write(erth, edits[device]!);
      }),
      sleep(delay).then(() => this.#strike(hit, victim)),
    ]);
    // The step that was to be the last one didn't come.
    if (hit === "step" && this.#ended.size === 0) await this.#strike("app", victim);
    await this.#settle();
    await this.#check();
  }

  /** Ends everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#devices.map((erth) => erth.stop()));
    await this.#server[Symbol.asyncDispose]();
  }

  /** A note that both devices have. */
  #share(): Promise<{ id: string; version: string }> {
    return this.#surviving(async () => {
      const [one, other] = this.#devices as [Erth, Erth];
      const { id } = await one.json<{ id: string }>("notes", { title: "Shared" });
      for (const erth of [one, other]) await now(erth);
      return await other.json<{ id: string; version: string }>(`notes/${id}`);
    });
  }

  /** Starts what has ended, and waits until both devices are up to date. */
  async #settle(): Promise<void> {
    await this.#surviving(async () => {
      await Promise.all(this.#devices.map((erth) => this.#answered(erth)));
      // What the second sends has to come back to the first.
      for (const device of [0, 1, 0]) await now(this.#devices[device]!);
    });
  }

  /** Does something with both devices alive; again if one died at its step meanwhile. */
  async #surviving<T>(work: () => Promise<T>): Promise<T> {
    for (let tries = 0;; tries++) {
      try {
        // Steps come one after the other, so that it comes to an end.
        await Promise.all(DEVICES.map((device) => this.#revive(device, tries === 0)));
        return await work();
      } catch (error) {
        const died = await poll(() => this.#ended.size > 0, DEATH_MS).catch(() => false);
        if (!died || tries === MOST_TRIES) throw error;
      }
    }
  }

  async #strike(hit: string, victim: number): Promise<void> {
    if (hit === "step") return;
    this.#count(hit);
    const apps = hit === "both apps" ? DEVICES : /^app/.test(hit) ? [victim] : [];
    for (const app of apps) {
      const erth = this.#devices[app]!;
      if (this.#ended.has(erth)) continue;
      this.#struck.add(erth);
      kill(erth.pid);
      await erth.status;
    }
    if (hit === "sidecar") {
      const report = await this.#devices[victim]!.report().catch(() => undefined);
      if (report?.sidecar.pid) kill(report.sidecar.pid);
    }
    if (!hit.endsWith("sqld")) return;
    await this.#server.kill();
    await sleep(this.#dice.below(HIT_MS));
    await this.#server.restart();
  }

  /** Resolves when no answer is being written, and all can be searched for. */
  async #answered(erth: Erth): Promise<void> {
    const store = await openStore(erth.data);
    try {
      const isDone = () =>
        store.rows("SELECT 1 FROM answers").length === 0 &&
        store.rows("SELECT 1 FROM notes_unindexed").length === 0;
      await poll(() => this.#ended.has(erth) || isDone());
    } finally {
      store.close();
    }
  }

  async #check(): Promise<void> {
    for (const { pid, data } of this.#devices) assertAttached(pid, data);
    const stores: Store[] = [];
    try {
      for (const folder of this.#folders) stores.push(await openStore(folder));
      for (const store of stores) await assertSound(store);
      this.#ledger.check(await assertEqualEverywhere(this.#server, stores));
    } finally {
      for (const store of stores) store.close();
    }
  }

  /** Starts a device if it has ended. */
  async #revive(device: number, armed: boolean): Promise<void> {
    const erth = this.#devices[device]!;
    if (!this.#ended.has(erth)) return;
    if (!this.#struck.has(erth)) {
      const { signal } = await erth.status;
      const step = this.#armed[device]!;
      if (signal !== "SIGKILL" || step === "") throw new Error(`Device ${device} ended by itself`);
      this.#count(step.split(":")[0]!);
    }
    await this.#start(device, armed);
    this.#ended.delete(erth);
  }

  async #start(device: number, armed: boolean): Promise<void> {
    const fault = armed ? `${this.#draw("points")}:${this.#dice.below(MOST_NTH) + 1}` : "";
    this.#armed[device] = fault;
    this.trace.push(`start ${device}${fault && `, which is to end at ${fault}`}`);
    const env = { ERTH_FAULT: fault };
    const erth = this.#devices[device] = await Erth.start({ data: this.#folders[device]!, env });
    void erth.status.then(() => this.#ended.add(erth));
  }

  /** The next of a shuffled list, so that each has its turn. */
  #draw(list: "points" | "hits"): string {
    const left = list === "points" ? this.#points : this.#hits;
    if (left.length === 0) left.push(...list === "points" ? POINTS : HITS);
    return left.splice(this.#dice.below(left.length), 1)[0]!;
  }

  #count(what: string): void {
    this.kills[what] = (this.kills[what] ?? 0) + 1;
    this.trace.push(`killed: ${what}`);
  }
}

/** Resolves when a device and the remote are equal, as it says. */
async function now(erth: Erth): Promise<void> {
  const report = await erth.json<MirrorReport>("shell/mirror/now", {});
  if (report.phase !== "current") throw new Error(`It is ${report.phase}`);
}

function kill(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch {
    // It has just ended by itself.
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
