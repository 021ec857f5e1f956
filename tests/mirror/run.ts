import type { mergeRow } from "../../db/mirror/merge.ts";
import { ErthError } from "../../errors.ts";
import { Crash, Device } from "./devices.ts";
import { DEVICES, Dice, type Operation, operationsOf, type Part } from "./operations.ts";
import { Turns } from "./turns.ts";
import { type Snapshot, World } from "./world.ts";

/** What a test breaks on purpose, to see that the suite notices. */
export interface Sabotage {
  merging?: typeof mergeRow;
  /** Makes another request of one to send; `isLost` if its answer won't arrive. */
  tamper?: (request: Request, isLost: boolean) => Promise<Request>;
}

/** What went wrong, and all that was done up to then. */
export class Divergence extends Error {
  constructor(readonly seed: number, readonly wrong: string[], trace: string[]) {
    super([
      `Seed ${seed} went wrong; to replay it: ./dev soak --seed ${seed}`,
      ...trace.map((line) => `  ${line}`),
      ...wrong.slice(0, 20).map((line) => `! ${line}`),
    ].join("\n"));
  }
}

/** By these words of their SQL pushes and pages are told from other requests. */
const PUSH_SQL = "INSERT INTO erth_inbox";
const PAGE_SQL = "max(r.seq) AS seq";

/** Rounds after which devices that hear each other must have settled. */
const ROUNDS = 12;

/**
 * Plays the run of a seed against the empty database at `url`.
 *
 * @param folder For the devices' databases.
 * @throws {Divergence} if devices, remote and model don't agree at any moment.
 */
export async function play(
  seed: number,
  url: string,
  folder: string,
  sabotage: Sabotage = {},
): Promise<void> {
  const run = new Run(url, sabotage);
  try {
    await run.start(seed, folder);
    for (const operation of operationsOf(seed)) await run.step(operation);
    await run.settle();
  } catch (error) {
    const words = error instanceof ErthError ? [`${error.code}: ${error.detail}`] : [];
    const wrong = error instanceof Wrong ? error.wrong : [...words, String((error as Error).stack)];
    throw new Divergence(seed, wrong, run.world.trace);
  } finally {
    run.world.close();
  }
}

class Wrong extends Error {
  constructor(readonly wrong: string[]) {
    super("Something is wrong");
  }
}

/** A sync that is under way. */
interface Under {
  part: Part;
  turns: Turns;
  requests: number;
  faults: number;
  /** Whether its trouble has come. */
  hit: boolean;
  /** Of each page fetched, in this order; and of the one that is being taken over. */
  pages: Snapshot[];
  page?: Snapshot;
}

class Run {
  readonly world: World;
  readonly #url: string;
  readonly #sabotage: Sabotage;
  readonly #under: (Under | undefined)[] = [];
  #reach = new Set<number>();
  #isMade = false;

  constructor(url: string, sabotage: Sabotage) {
    this.world = new World(url);
    this.#url = url;
    this.#sabotage = sabotage;
  }

  async start(seed: number, folder: string): Promise<void> {
    // Some runs send and fetch a row or three at a time.
    const dice = new Dice(-seed);
    const few = () => 1 + dice.below(3);
    const limits = dice.chance(0.4) ? { batch: few(), page: few() } : undefined;
    for (let number = 0; number < DEVICES; number++) {
      const send = ((input: Request, init?: RequestInit) =>
        this.#send(number, input, init)) as typeof fetch;
      const device = await Device.make(number, folder, this.#url, this.world.clock(number), {
        fetch: send,
        fault: (point) => this.#fault(number, point),
        merging: this.#sabotage.merging,
        limits,
      });
      this.world.devices.push(device);
      // The others have rows that are older than their mirror.
      if (dice.chance(0.7)) device.capture();
    }
    this.#reach = new Set(this.world.devices.keys());
    // The first one makes the tables there.
    await this.#sync([{ device: 0 }], 0);
    this.#isMade = true;
  }

  async step(operation: Operation): Promise<void> {
    this.world.steps++;
    this.world.note(operation);
    switch (operation.kind) {
      case "change":
        return this.world.change(operation.device, operation.change);
      case "foreign":
        return await this.world.changeThere(operation.change);
      case "sync":
        return await this.#sync(operation.parts, operation.order);
      case "partition":
        this.#reach = new Set(operation.reach);
        return;
      case "clock":
        this.world.offsets[operation.device] = operation.offset;
        return;
      case "reopen":
        return await this.world.devices[operation.device]!.reopen();
    }
  }

  /** Everybody hears everybody until nothing is new; then all must be the same. */
  async settle(): Promise<void> {
    this.#reach = new Set(this.world.devices.keys());
    for (let round = 0, before = -1; before !== this.world.newest; round++) {
      if (round === ROUNDS) throw new Wrong([`still not settled after ${ROUNDS} rounds`]);
      before = this.world.newest;
      for (const device of this.world.devices.keys()) await this.#sync([{ device }], 0);
    }
    const wrong = await this.world.wrong();
    if (wrong.length > 0) throw new Wrong(wrong);
  }

  async #sync(parts: Part[], order: number): Promise<void> {
    const turns = new Turns(new Dice(order * 2 ** 32), parts.map(({ device }) => device));
    const results = await Promise.allSettled(parts.map(async (part) => {
      try {
        this.#under[part.device] = { part, turns, requests: 0, faults: 0, hit: false, pages: [] };
        await this.#syncOne(part.device);
      } finally {
        turns.end(part.device);
      }
    }));
    for (const result of results) if (result.status === "rejected") throw result.reason;
    for (const { device } of parts) {
      const wrong = this.world.differences(device);
      if (wrong.length > 0) throw new Wrong(wrong);
    }
  }

  async #syncOne(number: number): Promise<void> {
    const device = this.world.devices[number]!;
    device.clock = this.world.clock(number);
    try {
      await device.sync(this.#under[number]!.part);
      this.world.note(`device ${number} is done`);
    } catch (error) {
      this.world.note(`device ${number}: ${error}`);
      const isCut = this.#under[number]!.hit || !this.#reach.has(number);
      const isOffline = error instanceof ErthError && error.code === "MIRROR_OFFLINE";
      if (error instanceof Crash) await device.reopen();
      else if (!isOffline || !isCut) throw error;
    }
  }

  #fault(number: number, point: string): void {
    const under = this.#under[number]!;
    if (point === "page.fetched") under.page = under.pages.shift();
    if (point === "page.applied") {
      if (!under.page) throw new Error(`Cannot follow as no request for a page had '${PAGE_SQL}'`);
      this.world.pulled(number, under.page);
    }
    const { trouble } = under.part;
    if (trouble?.kind !== "crash" || under.faults++ !== trouble.at) return;
    this.world.note(`device ${number} crashes at ${point}`);
    throw new Crash(point);
  }

  /** One request of a device, with what befalls it. */
  async #send(number: number, input: Request, init?: RequestInit): Promise<Response> {
    const under = this.#under[number]!;
    this.world.restamp(number);
    await under.turns.wait(number);
    const { trouble, meanwhile } = under.part;
    const count = under.requests++;
    const isHit = (kind: string) => trouble?.kind === kind && trouble.at === count;
    const isLost = isHit("answer lost");
    under.hit ||= isLost || isHit("unreachable");
    if (!this.#reach.has(number) || isHit("unreachable")) throw new TypeError("cut");
    const sql = await input.clone().text();
    const push = this.world.push(number);
    const request = await this.#sabotage.tamper?.(input, isLost) ?? input;
    const response = await fetch(request, init);
    const answer = await response.arrayBuffer();
    if (this.#isMade && sql.includes(PUSH_SQL)) await this.world.pushed(number, push);
    if (meanwhile?.at === count) {
      this.world.note({ device: number, meanwhile: meanwhile.change });
      this.world.change(number, meanwhile.change);
    }
    if (isLost) {
      this.world.note(`device ${number}: the answer to request ${count} is lost`);
      throw new TypeError("reset");
    }
    if (sql.includes(PAGE_SQL)) under.pages.push(this.world.snapshot());
    return new Response(answer, response);
  }
}
