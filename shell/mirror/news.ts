import type { Clock } from "../process/clock.ts";
import type { Change } from "../gateway/events.ts";
import { type MirrorReport, visibleText } from "./report.ts";

/** An edit is on its way for a moment only: nobody needs to see that. */
const CALM_MS = 1_500;
const SOON_MS = 150;
/** More changes of one topic than this are told as one. */
const MOST = 100;

/** What the news need. */
export interface NewsOptions {
  publish: (change: Change) => void;
  report: () => MirrorReport;
  clock: Clock;
}

/** Tells pages what changed: of the mirror's own state, and of what came from other devices. */
export class MirrorNews {
  readonly #options: NewsOptions;
  #shown: string;
  #phase: string;
  #due: { at: number; cancel: () => void } | undefined;
  #changes = new Map<string, Change>();
  #sending: (() => void) | undefined;

  constructor(options: NewsOptions) {
    this.#options = options;
    const report = options.report();
    this.#shown = visibleText(report);
    this.#phase = report.phase;
  }

  /** The state may be another; pages are told soon, if it still looks different then. */
  state(): void {
    const { clock, report } = this.#options;
    const now = report();
    if (visibleText(now) === this.#shown) return this.#calm();
    const wait = isSteady(now.phase) && isSteady(this.#phase) ? CALM_MS : SOON_MS;
    const at = clock.monotonic() + wait;
    if (this.#due !== undefined && this.#due.at <= at) return;
    this.#calm();
    this.#due = { at, cancel: clock.after(wait, () => this.#tell()) };
  }

  /** Rows came from elsewhere: pages that show them fetch them anew. */
  changed(changes: readonly Change[]): void {
    for (const change of changes) this.#changes.set(`${change.topic} ${change.id}`, change);
    this.#sending ??= this.#options.clock.after(SOON_MS, () => this.#send());
  }

  /** Nobody is to be told any more. */
  stop(): void {
    this.#calm();
    this.#sending?.();
  }

  #calm(): void {
    this.#due?.cancel();
    this.#due = undefined;
  }

  #tell(): void {
    this.#due = undefined;
    const report = this.#options.report();
    const shown = visibleText(report);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#phase = report.phase;
    this.#options.publish({ topic: "mirror" });
  }

  #send(): void {
    this.#sending = undefined;
    const topics = Map.groupBy(this.#changes.values(), ({ topic }) => topic);
    this.#changes = new Map();
    for (const [topic, changes] of topics) {
      // A first load: screens are fetched anew once, not once for each row.
      const told = changes.length > MOST ? [{ topic }] : changes;
      for (const change of told) this.#options.publish(change);
    }
  }
}

function isSteady(phase: string): boolean {
  return phase === "behind" || phase === "current";
}
