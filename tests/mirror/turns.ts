import type { Dice } from "./operations.ts";

/**
 * Lets several mirrors that run at once send one request at a time, in an order that the dice
 * choose: a run is the same each time it is played.
 */
export class Turns {
  readonly #dice: Dice;
  readonly #running: Set<number>;
  #waiting: { device: number; go: () => void }[] = [];

  constructor(dice: Dice, devices: number[]) {
    this.#dice = dice;
    this.#running = new Set(devices);
  }

  /** Returns when it is this device's turn: all others wait as well, or have ended. */
  async wait(device: number): Promise<void> {
    if (!this.#running.has(device)) throw new Error("It has ended");
    const turn = Promise.withResolvers<void>();
    this.#waiting.push({ device, go: turn.resolve });
    this.#next();
    await turn.promise;
  }

  /** This device sends nothing any more. */
  end(device: number): void {
    this.#running.delete(device);
    // What it still wanted to ask, nobody waits for.
    this.#waiting = this.#waiting.filter((one) => one.device !== device);
    this.#next();
  }

  #next(): void {
    const waiting = new Set(this.#waiting.map(({ device }) => device));
    if (waiting.size === 0 || waiting.size < this.#running.size) return;
    const chosen = this.#dice.pick([...waiting].sort());
    const at = this.#waiting.findIndex(({ device }) => device === chosen);
    this.#waiting.splice(at, 1)[0]!.go();
  }
}
