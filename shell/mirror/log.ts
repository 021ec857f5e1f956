import type { MirrorPhase, MirrorState } from "../../db/mirror/messages.ts";
import type { Fields, Level, Log } from "../../log.ts";
import type { Clock } from "../process/clock.ts";

const AGAIN_MS = 10 * 60_000;

/** Writes down what happens to the mirror: one line for a cause, not one for each attempt. */
export class MirrorLog {
  readonly #log: Log;
  readonly #clock: Clock;
  /** When an event of a kind was last written, and how many weren't since. */
  readonly #seen = new Map<string, { at: number; left: number }>();
  #phase: MirrorPhase | undefined;
  /** Since when nothing goes, if that was written. */
  #halted: number | undefined;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Writes an event, unless one of the same kind and code was written within ten minutes. */
  write(level: Level, event: string, fields: Fields = {}): boolean {
    const kind = `${event} ${fields.code ?? ""}`;
    const now = this.#clock.monotonic();
    const { at, left } = this.#seen.get(kind) ?? { at: -Infinity, left: 0 };
    if (now - at < AGAIN_MS) {
      this.#seen.set(kind, { at, left: left + 1 });
      return false;
    }
    this.#seen.set(kind, { at: now, left: 0 });
    this.#log[level](event, left > 0 ? { ...fields, left_out: left } : fields);
    return true;
  }

  /** Follows the state: a line when it goes offline or stops, one when it goes on. */
  follow({ phase, error }: MirrorState): void {
    const before = this.#phase;
    this.#phase = phase;
    if (phase === before) return;
    const fields = { code: error?.code, detail: error?.detail };
    if (phase === "offline" || phase === "stopped") {
      const level = phase === "offline" ? "info" : "warn";
      const written = this.write(level, `mirror.${phase}`, fields);
      if (written) this.#halted ??= this.#clock.monotonic();
    } else if (phase !== "connecting" && this.#halted !== undefined) {
      const seconds = Math.round((this.#clock.monotonic() - this.#halted) / 1000);
      this.#halted = undefined;
      this.#log.info("mirror.goes_on", { after_s: seconds });
    }
  }

  /** Another connection: what was written of the one before doesn't count. */
  forget(): void {
    this.#seen.clear();
    this.#phase = this.#halted = undefined;
  }
}
