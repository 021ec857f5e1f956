/** Numbers by chance that a seed fully determines (mulberry32 by Tommy Ettinger, public domain). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed, 0x9e3779b1) >>> 0;
  }

  /** From 0 up to 1, without 1. */
  roll(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number below `limit`. */
  below(limit: number): number {
    return Math.floor(this.roll() * limit);
  }

  chance(probability: number): boolean {
    return this.roll() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** `count` different entries. */
  some<T>(list: readonly T[], count: number): T[] {
    const rest = [...list];
    return Array.from({ length: count }, () => rest.splice(this.below(rest.length), 1)[0]!);
  }
}

/** How many devices share the remote. */
export const DEVICES = 4;

/** What a person or program does to one row. `pick`, from 0 to 1, chooses among those that fit. */
export type Change =
  | { do: "create" | "begin" | "say" | "rename" | "revive"; pick: number; text: string }
  | Choice
  | { do: "edit"; pick: number; text: string; columns: string[] }
  | { do: "pin" | "fade" | "restore" | "remove" | "fade thread"; pick: number };

/** What ends a conflict; a choice takes the text that lost, or `text`. */
export type Choice = { do: "choose" | "dismiss"; pick: number; text: string };

/** What goes wrong on a device's `at`-th request, or for `crash` at its `at`-th fault point. */
export interface Trouble {
  kind: "unreachable" | "answer lost" | "crash";
  at: number;
}

/** One device's part in a sync: its trouble, and what its user does during request `at`. */
export interface Part {
  device: number;
  trouble?: Trouble;
  meanwhile?: { at: number; change: Change };
  /** It sends at once, and asks for news only if it has to. */
  isHasty?: boolean;
  /** Afterwards it throws away what nobody needs any more. */
  trims?: boolean;
}

/** One step of a run. */
export type Operation =
  | { kind: "change"; device: number; change: Change }
  /** Somebody writes to the remote by plain SQL. */
  | { kind: "foreign"; change: Change }
  /** All of them at once; `order` chooses whose request goes first. */
  | { kind: "sync"; parts: Part[]; order: number }
  /** From now on these reach the remote, the others don't. */
  | { kind: "partition"; reach: number[] }
  | { kind: "clock"; device: number; offset: number }
  | { kind: "reopen"; device: number };

const HOUR = 3_600_000;
const YEARS = 20 * 365.25 * 24 * HOUR;

/** Milliseconds a clock may be off. Those near 0 are far enough from it that order is by seed. */
const OFFSETS = [-15_000, 15_000, -HOUR, HOUR, -YEARS, YEARS];

const TEXTS = ["title", "body", "tags"];

/** The steps of one run, by its seed alone. */
export function operationsOf(seed: number): Operation[] {
  const dice = new Dice(seed);
  const all = Array.from({ length: DEVICES }, (_, device) => device);
  const steps: Operation[] = all.map((device) => ({
    kind: "clock",
    device,
    offset: dice.pick(OFFSETS),
  }));
  // Rows that everybody has are those that can be fought over.
  for (let count = 2 + dice.below(3); count > 0; count--) {
    steps.push({ kind: "change", device: dice.below(DEVICES), change: fresh(dice, steps.length) });
  }
  if (dice.chance(0.7)) {
    const order = dice.roll();
    for (let round = 0; round < 2; round++) {
      steps.push({ kind: "sync", parts: all.map((device) => ({ device })), order });
    }
  }
  const length = 40 + dice.below(50);
  while (steps.length < length) steps.push(step(dice, steps.length));
  return steps;
}

function step(dice: Dice, number: number): Operation {
  const roll = dice.roll();
  const device = dice.below(DEVICES);
  if (roll < 0.58) return { kind: "change", device, change: change(dice, number) };
  if (roll < 0.62) return { kind: "foreign", change: foreign(dice, number) };
  if (roll < 0.66) return { kind: "clock", device, offset: clock(dice) };
  if (roll < 0.68) return { kind: "reopen", device };
  if (roll < 0.72) {
    const reach = dice.some([0, 1, 2, 3], dice.chance(0.5) ? DEVICES : dice.below(DEVICES));
    return { kind: "partition", reach };
  }
  const together = dice.pick([1, 1, 1, 2, 2, 3]);
  const parts = dice.some([0, 1, 2, 3], together).map((device) => part(dice, device, number));
  return { kind: "sync", parts, order: dice.roll() };
}

function part(dice: Dice, device: number, number: number): Part {
  const part: Part = { device, isHasty: dice.chance(0.2), trims: dice.chance(0.1) };
  if (dice.chance(0.3)) {
    const kind = dice.pick(["unreachable", "answer lost", "answer lost", "crash"] as const);
    part.trouble = { kind, at: dice.below(kind === "crash" ? 12 : 5) };
  }
  if (dice.chance(0.2)) {
    part.meanwhile = { at: dice.below(5), change: change(dice, number) };
  }
  return part;
}

/** Off by as much as ever, and now and then a little backwards. */
function clock(dice: Dice): number {
  return dice.pick(OFFSETS) - (dice.chance(0.3) ? dice.below(60_000) : 0);
}

function change(dice: Dice, number: number): Change {
  const pick = dice.roll();
  const text = words(dice, number);
  const roll = dice.roll();
  if (roll < 0.44) return edit(dice, pick, text);
  if (roll < 0.5) return { do: "pin", pick };
  if (roll < 0.56) return { do: "fade", pick };
  if (roll < 0.6) return { do: "restore", pick };
  if (roll < 0.65) return { do: "remove", pick };
  if (roll < 0.69) return { do: "revive", pick, text };
  if (roll < 0.77) return { do: "choose", pick, text };
  if (roll < 0.79) return { do: "dismiss", pick, text };
  if (roll < 0.84) return { do: "rename", pick, text };
  if (roll < 0.86) return { do: "fade thread", pick };
  if (roll < 0.92) return { do: "say", pick, text };
  return fresh(dice, number);
}

function edit(dice: Dice, pick: number, text: string): Change {
  return { do: "edit", pick, text, columns: dice.some(TEXTS, dice.pick([1, 1, 1, 2, 3])) };
}

function foreign(dice: Dice, number: number): Change {
  const pick = dice.roll();
  const text = words(dice, number);
  const roll = dice.roll();
  if (roll < 0.6) return edit(dice, pick, text);
  if (roll < 0.7) return { do: "fade", pick };
  if (roll < 0.8) return { do: "remove", pick };
  return { do: "create", pick, text };
}

function fresh(dice: Dice, number: number): Change {
  const kind = dice.chance(0.7) ? "create" : "begin";
  return { do: kind, pick: dice.roll(), text: words(dice, number) };
}

/** Mostly a text that nobody else writes; at times one that two may write alike. */
function words(dice: Dice, number: number): string {
  if (dice.chance(0.06)) return "alike";
  const flavour = dice.pick(["", "", ' "quoted" \\ \'', " 漢字", " 👩‍👩‍👧", "\n\tline", " null", " é"]);
  return `w${number}.${dice.below(1000)}${flavour}`;
}
