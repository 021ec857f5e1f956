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

/** One request's stay. Its patience is for all its waiting together, not for its answer. */
export interface Visit {
  /**
   * The ready sidecar, at once or when there is one.
   *
   * @throws {ErthError} `SIDECAR_UNAVAILABLE` after the patience or if the caller has gone, or what
   * `Hold.broken` was told.
   */
  acquire(): Promise<Upstream>;
  /**
   * Waits for something else that stands between the request and its sidecar.
   *
   * @throws {ErthError} `SIDECAR_UNAVAILABLE` after the patience or if the caller has gone.
   */
  wait<T>(work: Promise<T>): Promise<T>;
}

/** Makes requests wait while no sidecar is ready. */
export class Hold {
  readonly #patienceMs: number;
  /** What starts the patience of each that waits anew. */
  readonly #waiting = new Set<() => void>();
  #upstream: Upstream | undefined;
  #broken: ErthError | undefined;
  #coming = coming();

  /** @param patienceMs How long a request waits without progress. */
  constructor(patienceMs = 15_000) {
    this.#patienceMs = patienceMs;
  }

  /** How many requests wait now. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** A generation answers: whatever waits goes there. */
  ready(upstream: Upstream): void {
    this.#upstream = upstream;
    this.#broken = undefined;
    this.#coming.resolve(upstream);
    this.#coming = coming();
  }

  /** A generation is gone; requests wait for the next one. */
  gone(upstream: Upstream): void {
    if (this.#upstream === upstream) this.#upstream = undefined;
  }

  /** Nothing will be ready soon: requests fail at once with `error`, until `undefined` is given. */
  broken(error: ErthError | undefined): void {
    this.#broken = error;
    if (error === undefined) return;
    this.#coming.reject(error);
    this.#coming = coming();
  }

  /** The first unpacking moves on: the patience of all that wait starts anew. */
  progress(): void {
    for (const renew of this.#waiting) renew();
  }

  /** @param signal Aborted when the caller has gone: it waits no longer then. */
  visit(signal?: AbortSignal): Visit {
    let left = this.#patienceMs;
    const wait = async <T>(work: Promise<T>): Promise<T> => {
      const over = Promise.withResolvers<never>();
      const fail = (why: string) => over.reject(new ErthError("SIDECAR_UNAVAILABLE", why));
      const leave = () => fail("The caller went away");
      let since = performance.now();
      let timer = 0;
      const arm = () => {
        clearTimeout(timer);
        timer = setTimeout(fail, left, `Nothing ready within ${this.#patienceMs} ms`);
      };
      const renew = () => {
        left = this.#patienceMs;
        since = performance.now();
        arm();
      };
      arm();
      this.#waiting.add(renew);
      signal?.addEventListener("abort", leave, { once: true });
      if (signal?.aborted) leave();
      try {
        return await Promise.race([over.promise, work]);
      } finally {
        left = Math.max(0, left - (performance.now() - since));
        clearTimeout(timer);
        this.#waiting.delete(renew);
        signal?.removeEventListener("abort", leave);
      }
    };
    return { wait, acquire: async () => this.#upstream ?? await wait(this.#next()) };
  }

  #next(): Promise<Upstream> {
    return this.#broken === undefined ? this.#coming.promise : Promise.reject(this.#broken);
  }
}

/** A sidecar that is to come; nobody needs to wait for it. */
function coming(): PromiseWithResolvers<Upstream> {
  const awaited = Promise.withResolvers<Upstream>();
  awaited.promise.catch(() => {});
  return awaited;
}
