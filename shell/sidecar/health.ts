import type { Clock } from "../process/clock.ts";

const REMEMBERED = 50;

/** What the sidecar does just now, for the Status screen. */
export type SidecarState =
  | "unpacking"
  | "starting"
  | "ready"
  | "backoff"
  | "broken"
  | "stopped";

/** The sidecar in the status report. Times in seconds. */
export interface SidecarReport {
  state: SidecarState;
  generation: number;
  pid?: number;
  /** Since this generation was ready. */
  uptime?: number;
  restarts: { at: string; reason: string }[];
  /** Why it doesn't start. */
  cause?: string;
  /** How much of it is unpacked, 0 to 1, while that happens. */
  unpacked?: number;
}

/** The sidecar's recent history, gathered from the supervisor's events. */
export class Health {
  state: SidecarState = "starting";
  generation = 0;
  pid: number | undefined;
  cause: string | undefined;
  unpacked: number | undefined;
  readonly restarts: { at: string; reason: string }[] = [];
  #readyAt: number | undefined;
  readonly #clock: Pick<Clock, "now" | "monotonic">;

  constructor(clock: Pick<Clock, "now" | "monotonic">) {
    this.#clock = clock;
  }

  /** A generation answers. */
  ready(generation: number, pid: number): void {
    this.state = "ready";
    this.generation = generation;
    this.pid = pid;
    this.cause = undefined;
    this.unpacked = undefined;
    this.#readyAt = this.#clock.monotonic();
  }

  /** The generation is gone, for a reason worth telling. */
  lost(reason: string): void {
    this.state = "starting";
    this.pid = undefined;
    this.#readyAt = undefined;
    this.restarts.push({ at: new Date(this.#clock.now()).toISOString(), reason });
    if (this.restarts.length > REMEMBERED) this.restarts.shift();
  }

  /** It doesn't start; the last words may tell why. */
  broken(cause: string, tail: readonly string[]): void {
    this.state = "broken";
    this.cause = [cause, ...tail.slice(-5)].join("\n");
  }

  /** What the Status screen shows. */
  report(): SidecarReport {
    const { state, generation, pid, cause, restarts, unpacked } = this;
    return { state, generation, pid, uptime: this.#uptime, restarts, cause, unpacked };
  }

  /** Seconds that the present generation has been ready. */
  get #uptime(): number | undefined {
    if (this.#readyAt === undefined) return undefined;
    return (this.#clock.monotonic() - this.#readyAt) / 1000;
  }
}
