import { ErthError } from "../../errors.ts";

/** How a generation's process ended. */
export interface Death {
  /** By a SIGKILL from elsewhere, such as a person's or the system's: no request is to blame. */
  readonly killed: boolean;
}

/** A sidecar generation that answers requests. */
export interface Upstream {
  readonly generation: number;
  readonly port: number;
  /** The current token's text. */
  token(): string;
  /** Resolves once the process is reaped. */
  readonly gone: Promise<Death>;
  /** Has it probed at once, because a request got no answer; whether it still lives. */
  suspect(): Promise<boolean>;
}

interface Waiter {
  resolve: (upstream: Upstream) => void;
  reject: (error: ErthError) => void;
  timer: number;
}

/** Makes requests wait while no sidecar is ready. */
export class Hold {
  readonly #patienceMs: number;
  readonly #waiters = new Set<Waiter>();
  #upstream: Upstream | undefined;
  #broken: ErthError | undefined;

  /** @param patienceMs How long a request waits without progress. */
  constructor(patienceMs = 15_000) {
    this.#patienceMs = patienceMs;
  }

  /** How many requests wait now. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** A generation answers: whatever waits goes there. */
  ready(upstream: Upstream): void {
    this.#upstream = upstream;
    this.#broken = undefined;
    this.#release((waiter) => waiter.resolve(upstream));
  }

  /** A generation is gone; requests wait for the next one. */
  gone(upstream: Upstream): void {
    if (this.#upstream === upstream) this.#upstream = undefined;
  }

  /** Nothing will be ready soon: requests fail at once with `error`, until `undefined` is given. */
  broken(error: ErthError | undefined): void {
    this.#broken = error;
    if (error !== undefined) this.#release((waiter) => waiter.reject(error));
  }

  /** The first unpacking moves on: the patience of all that wait starts anew. */
  progress(): void {
    for (const waiter of this.#waiters) this.#arm(waiter);
  }

  /**
   * The ready sidecar, at once or when there is one.
   *
   * @throws {ErthError} `SIDECAR_UNAVAILABLE` after the patience, or what `broken` was told.
   */
  acquire(signal?: AbortSignal): Promise<Upstream> {
    if (this.#upstream !== undefined) return Promise.resolve(this.#upstream);
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    const { promise, resolve, reject } = Promise.withResolvers<Upstream>();
    const waiter: Waiter = { resolve, reject, timer: 0 };
    const abort = () => {
      this.#drop(waiter);
      reject(new ErthError("SIDECAR_UNAVAILABLE", "The caller went away"));
    };
    this.#waiters.add(waiter);
    this.#arm(waiter);
    signal?.addEventListener("abort", abort, { once: true });
    return promise.finally(() => signal?.removeEventListener("abort", abort));
  }

  #arm(waiter: Waiter): void {
    clearTimeout(waiter.timer);
    waiter.timer = setTimeout(() => {
      this.#drop(waiter);
      waiter.reject(
        new ErthError("SIDECAR_UNAVAILABLE", `Nothing ready within ${this.#patienceMs} ms`),
      );
    }, this.#patienceMs);
  }

  #drop(waiter: Waiter): void {
    clearTimeout(waiter.timer);
    this.#waiters.delete(waiter);
  }

  #release(settle: (waiter: Waiter) => void): void {
    for (const waiter of this.#waiters) {
      this.#drop(waiter);
      settle(waiter);
    }
  }
}
