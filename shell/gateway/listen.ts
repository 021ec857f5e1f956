import { ErthError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { type Clock, pause, systemClock, within } from "../process/clock.ts";
import { raiseDescriptorLimit } from "../process/libc.ts";
import { Connections, DEFAULT_BOUNDS } from "./connections.ts";
import { findUids, type Peer } from "./peers.ts";

/** Answers one request; `peer` is who asks. */
export type Handler = (request: Request, peer: Peer) => Response | Promise<Response>;

/** A port that is listened at. */
export interface Server {
  readonly addr: Deno.NetAddr;
  /** Takes no more, and resolves when all answers under way have ended. */
  shutdown(): Promise<void>;
}

/** What a server is made with; the defaults are the system's. */
export interface ListenOptions {
  /** 0: a free one. */
  port: number;
  log: Log;
  clock?: Clock;
  open?: (port: number) => Deno.Listener;
  /** How many descriptors there may be; `undefined` if there is no limit. */
  raise?: () => Promise<number | undefined>;
}

const GRACE_MS = 500;
/** At the end: what was just answered is still on its way out. */
const LINGER_MS = 30;
/** After a failure to accept; until then some connections have ended, perhaps. */
const AGAIN_MS = 100;
/** So many failures in a row, and it is listened anew. */
const PATIENCE = 10;
/** A connection that broke off before it was taken: nobody else has to wait for that. */
const GONE = [Deno.errors.NotConnected, Deno.errors.ConnectionAborted, Deno.errors.ConnectionReset];
/** Descriptors that are left to files, children and connections of our own making. */
const RESERVE = 256;
/** Before the limit is known: what sessions start with. */
const COMMON_LIMIT = 1024;

/**
 * Deno's HTTP/1.1 on a connection that somebody else accepted. `Deno.serve` accepts by itself,
 * hides connections that send nothing, and stops listening for good when descriptors run out; this
 * is what it is made of. Deno names it for its own parts only, so listen_test.ts tells if an update
 * takes it away.
 */
type ServeConnection = (
  connection: Deno.Conn,
  signal: { addEventListener(type: string, run: () => void): void },
  handler: (request: Request) => Response | Promise<Response>,
  onError: (error: unknown) => Response,
  onListen: () => void,
) => Served;

/** One connection, as long as it lasts. */
type Served = Pick<Deno.HttpServer, "finished" | "shutdown">;

function internals(): { serveHttpOnConnection: ServeConnection } {
  return Reflect.get(Deno, Reflect.get(Deno, "internal"));
}

/**
 * Listens on 127.0.0.1. Connections without a session are bounded (`Connections`); a failure to
 * accept one is logged, and it goes on.
 *
 * @throws {ErthError} `PORT_IN_USE`.
 */
export function listen(options: ListenOptions, handler: Handler): Server {
  return new Accepting(options, handler);
}

/** Lets running answers end, but not for long: streams would never. */
export async function endServer(server: Server): Promise<void> {
  await within(systemClock, GRACE_MS, server.shutdown());
}

class Accepting implements Server {
  readonly addr: Deno.NetAddr;
  readonly #handler: Handler;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #open: (port: number) => Deno.Listener;
  readonly #raise: () => Promise<number | undefined>;
  readonly #connections: Connections;
  /** Connections, each with what breaks it off. */
  readonly #served = new Map<Served, () => void>();
  #running = 0;
  #isIdle = () => {};
  #listener: Deno.Listener;
  #limit = COMMON_LIMIT;
  #raising = Promise.resolve();
  readonly #closing = new AbortController();

  constructor(
    { port, log, clock = systemClock, open = openPort, raise = raiseDescriptorLimit }:
      ListenOptions,
    handler: Handler,
  ) {
    this.#raise = raise;
    this.#handler = handler;
    this.#log = log;
    this.#clock = clock;
    this.#open = open;
    this.#listener = open(port);
    this.addr = this.#listener.addr as Deno.NetAddr;
    this.#connections = new Connections({
      bounds: DEFAULT_BOUNDS,
      findUids: () => findUids(this.addr.port),
      ownUid: Deno.uid(),
      clock,
      log,
    });
    // Later, as the window waits for the address.
    const cancel = clock.after(0, () => this.#raising = this.#raiseLimit());
    this.#closing.signal.addEventListener("abort", cancel, { once: true });
    void this.#accept();
  }

  /** How many connections are served at once; few descriptors are halved, or none were left. */
  get #most(): number {
    return this.#limit - Math.min(RESERVE, this.#limit / 2);
  }

  async shutdown(): Promise<void> {
    this.#closing.abort();
    this.#unlisten();
    await this.#idle();
    await pause(systemClock, LINGER_MS).over;
    // Not by a connection's own `shutdown`: where it meets the connection's end, Deno 2.6.8 takes the
    // same handle twice and the whole program panics (`op_http_wait`).
    const ended = [...this.#served].map(([{ finished }, cancel]) => {
      this.#end(cancel);
      return finished.catch(() => {});
    });
    await Promise.all([this.#raising, this.#connections.close(), ...ended]);
  }

  /** Resolves when no request waits for its answer. */
  async #idle(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => this.#isIdle = resolve);
  }

  async #answer(request: Request, peer: Peer): Promise<Response> {
    this.#running++;
    try {
      return await this.#handler(request, peer);
    } finally {
      if (--this.#running === 0) this.#isIdle();
    }
  }

  async #raiseLimit(): Promise<void> {
    try {
      this.#limit = await this.#raise() ?? Infinity;
    } catch (error) {
      this.#log.warn("listen.limit", { error });
    }
  }

  async #accept(): Promise<void> {
    for (let failures = 0; !this.#closing.signal.aborted;) {
      if (this.#served.size >= this.#most) {
        await this.#pause();
        continue;
      }
      try {
        this.#serve(await this.#listener.accept());
        failures = 0;
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        if (GONE.some((kind) => error instanceof kind)) continue;
        if (failures === 0) this.#log.error("listen.failed", { error });
        await this.#pause();
        if (++failures % PATIENCE === 0) this.#renew();
      }
    }
  }

  async #pause(): Promise<void> {
    const { over, cut } = pause(this.#clock, AGAIN_MS);
    this.#closing.signal.addEventListener("abort", cut, { once: true });
    await over;
    this.#closing.signal.removeEventListener("abort", cut);
  }

  /** At the same port, as pages know no other. */
  #renew(): void {
    if (this.#closing.signal.aborted) return;
    this.#unlisten();
    try {
      this.#listener = this.#open(this.addr.port);
      this.#log.info("listen.renewed");
    } catch (error) {
      this.#log.error("listen.failed", { error });
    }
  }

  #unlisten(): void {
    try {
      this.#listener.close();
    } catch {
      // It was closed under us, or nothing could be listened at since.
    }
  }

  #serve(connection: Deno.Conn): void {
    const { hostname, port } = connection.remoteAddr as Deno.NetAddr;
    const address = `${hostname}:${port}`;
    // In place of a signal: with one, ending a connection that just ends would throw past us.
    let cancel = () => {};
    const ending = { addEventListener: (_type: string, run: () => void) => void (cancel = run) };
    const forget = this.#connections.add(address, () => this.#end(cancel));
    const peer: Peer = {
      prove: forget,
      isOurs: async () => {
        const uids = await findUids(this.addr.port);
        return uids === undefined || uids.get(address) === Deno.uid();
      },
    };
    const server = internals().serveHttpOnConnection(
      connection,
      ending,
      (request) => this.#answer(request, peer),
      (error) => this.#broken(error),
      () => {},
    );
    this.#served.set(server, cancel);
    const ended = () => {
      this.#served.delete(server);
      forget();
    };
    // Rejects if the other side breaks it off, and keeps what it holds then until it is shut down.
    server.finished.then(ended, () => {
      ended();
      return server.shutdown();
    }).catch((error) => this.#log.debug("listen.ended", { error }));
  }

  #end(cancel: () => void): void {
    try {
      cancel();
    } catch (error) {
      this.#log.debug("listen.ended", { error });
    }
  }

  #broken(error: unknown): Response {
    this.#log.error("listen.unanswered", { error });
    return new Response(null, { status: 500 });
  }
}

function openPort(port: number): Deno.Listener {
  try {
    return Deno.listen({ hostname: "127.0.0.1", port });
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) throw new ErthError("PORT_IN_USE", `${port}`);
    throw error;
  }
}
