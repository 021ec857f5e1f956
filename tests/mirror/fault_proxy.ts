import { concat } from "@std/bytes/concat";
import { delay } from "@std/async/delay";
import { freePort } from "./sqld.ts";
import { type Head, Wire } from "./wire.ts";

/** What a network, or somebody in it, does to a request. */
export type Fault =
  | { kind: "pass" }
  /** Connections are refused; without `only` and `nth` those that there are end. */
  | { kind: "cut" }
  /** Each request waits before it is delivered. */
  | { kind: "delay"; ms: number }
  /** Connections are accepted and never answered; those stay silent when this has ended. */
  | { kind: "half-open" }
  /** The request is delivered; instead of its answer the connection ends. */
  | { kind: "reset" }
  /** Every other request, beginning with the first, is answered with 503 and not delivered. */
  | { kind: "unavailable" }
  /** Not delivered; 200 with something else than an answer, another thing each time. */
  | { kind: "rubbish" }
  /** Delivered; the answer's second half is missing, and its length says so. */
  | { kind: "truncated" }
  /** Answers come in pieces of some bytes. */
  | { kind: "trickle"; bytes: number; ms: number }
  /** Delivered twice, one after the other; the second answer counts. */
  | { kind: "duplicate" }
  /** The connection ends at once, and the request is delivered some time later. */
  | { kind: "late"; ms: number };

/** Which requests a fault meets; all by default. */
export interface Limits {
  /** Those whose path contains this. */
  only?: string;
  /** Of these, the one with this number, counted from 1 since the fault began. */
  nth?: number;
}

/** Traffic since `resetCounts`. */
export interface Counts {
  connections: number;
  requests: number;
  /** Bytes of requests and of answers, heads included. */
  fromClient: number;
  toClient: number;
}

/** What a hotel's network and broken servers say in place of an answer. */
const RUBBISH = [
  "<!doctype html><title>Log in</title>",
  "{}",
  "",
  "null",
  '{"results":[]}',
  "\0\x01",
];

/** An HTTP/1.1 proxy on 127.0.0.1 that damages what passes through it. */
export class FaultProxy implements AsyncDisposable {
  readonly port: number;
  /** The target's address, through here. */
  readonly url: string;
  readonly #target: { hostname: string; port: number };
  #listener: Deno.TcpListener | undefined;
  #fault: Fault & Limits = { kind: "pass" };
  #matched = 0;
  #counts = zero();
  readonly #open = new Set<Wire>();
  readonly #silent = new Set<Wire>();
  readonly #late = new Set<Promise<void>>();
  readonly #running = new Set<Promise<void>>();

  constructor(target: string) {
    const { hostname, port } = new URL(target);
    this.#target = { hostname, port: Number(port) };
    this.port = freePort();
    this.url = `http://127.0.0.1:${this.port}`;
    this.#listen();
  }

  /** The address through here of one of the target's databases. */
  at(database: string): string {
    return this.url + new URL(database).pathname.replace(/^\/$/, "");
  }

  /** Damages requests from now on, in this way and no other. */
  begin(fault: Fault, limits: Limits = {}): void {
    this.#fault = { ...fault, ...limits };
    this.#matched = 0;
    const all = limits.only === undefined && limits.nth === undefined;
    if (fault.kind === "half-open" && all) this.#open.forEach((wire) => this.#silent.add(wire));
    if (fault.kind === "cut" && all) {
      this.#listener?.close();
      this.#listener = undefined;
      this.#open.forEach((wire) => wire.close());
    } else if (this.#listener === undefined) {
      this.#listen();
    }
  }

  /** Lets everything pass from now on. Connections that hang go on hanging. */
  end(): void {
    this.begin({ kind: "pass" });
  }

  /** How many requests the fault has met or, with `nth`, could have met. */
  get matched(): number {
    return this.#matched;
  }

  get counts(): Readonly<Counts> {
    return this.#counts;
  }

  resetCounts(): void {
    this.#counts = zero();
  }

  /** Resolves when nothing is on its way any more that was to be late. */
  async settled(): Promise<void> {
    await Promise.all(this.#late);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.begin({ kind: "cut" });
    await this.settled();
    await Promise.all(this.#running);
  }

  #listen(): void {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: this.port });
    this.#accept(this.#listener);
  }

  async #accept(listener: Deno.TcpListener): Promise<void> {
    for await (const connection of listener) {
      this.#counts.connections++;
      const client = this.#keep(new Wire(connection));
      track(this.#running, this.#serve(client).catch(() => {}).finally(() => this.#drop(client)));
    }
  }

  /** Answers the requests of one connection, in order. */
  async #serve(client: Wire): Promise<void> {
    let next = client.head();
    for (let head = await next; head !== undefined; head = await next) {
      const body = await client.whole(head);
      const request = concat([head.bytes, body]);
      this.#counts.requests++;
      this.#counts.fromClient += request.length;
      // Reading on shows when the client goes away.
      next = client.head();
      await this.#meet(this.#faultFor(client, head), { client, request, gone: next });
    }
  }

  #faultFor(client: Wire, { line }: Head): Fault {
    if (this.#silent.has(client)) return { kind: "half-open" };
    const { only, nth } = this.#fault;
    if (only !== undefined && !line.split(" ")[1]!.includes(only)) return { kind: "pass" };
    this.#matched++;
    return nth === undefined || nth === this.#matched ? this.#fault : { kind: "pass" };
  }

  async #meet(fault: Fault, call: Call): Promise<void> {
    const { client, request } = call;
    switch (fault.kind) {
      case "cut":
        return this.#drop(client);
      case "half-open":
        this.#silent.add(client);
        await call.gone;
        return;
      case "unavailable":
        if (this.#matched % 2 === 0) break;
        return await this.#say(client, "503 Service Unavailable", "Try again");
      case "rubbish":
        return await this.#say(client, "200 OK", RUBBISH[this.#matched % RUBBISH.length]!);
      case "truncated": {
        const { body } = await this.#deliver(request);
        return await this.#say(client, "200 OK", body.subarray(0, body.length / 2));
      }
      case "reset":
        await this.#deliver(request);
        return this.#drop(client);
      case "late": {
        this.#drop(client);
        const delivery = delay(fault.ms).then(() => this.#deliver(request)).then(
          () => {},
          () => {},
        );
        this.#late.add(delivery.finally(() => this.#late.delete(delivery)));
        return;
      }
      case "delay":
        await delay(fault.ms);
        break;
      case "duplicate":
        await this.#deliver(request);
    }
    await this.#forward(call, fault.kind === "trickle" ? fault : undefined);
  }

  /** Hands a request on, and its answer back as it comes. */
  async #forward({ client, request, gone }: Call, slowly?: Trickle): Promise<void> {
    const server = await this.#connect();
    gone.then((next) => next === undefined && server.close());
    try {
      await server.write(request);
      const head = await server.head();
      if (head === undefined) return this.#drop(client);
      await this.#send(client, head.bytes, slowly);
      for await (const piece of server.body(head)) await this.#send(client, piece, slowly);
    } catch {
      this.#drop(client);
    } finally {
      this.#drop(server);
    }
  }

  /** Hands a request on; its whole answer. */
  async #deliver(request: Uint8Array): Promise<{ body: Uint8Array }> {
    const server = await this.#connect();
    try {
      await server.write(request);
      const head = await server.head();
      if (head === undefined) throw new Error("The target doesn't answer");
      return { body: await server.whole(head) };
    } finally {
      this.#drop(server);
    }
  }

  /** Answers in the target's place. */
  async #say(client: Wire, status: string, body: string | Uint8Array): Promise<void> {
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\n` +
      `content-length: ${bytes.length}\r\n\r\n`;
    await this.#send(client, concat([new TextEncoder().encode(head), bytes]));
  }

  async #send(client: Wire, bytes: Uint8Array, slowly?: Trickle): Promise<void> {
    if (this.#silent.has(client)) return;
    const step = slowly?.bytes ?? bytes.length;
    for (let at = 0; at < bytes.length; at += step) {
      if (slowly !== undefined) await delay(slowly.ms);
      const piece = bytes.subarray(at, at + step);
      await client.write(piece);
      this.#counts.toClient += piece.length;
    }
  }

  async #connect(): Promise<Wire> {
    return this.#keep(new Wire(await Deno.connect(this.#target)));
  }

  #keep(wire: Wire): Wire {
    this.#open.add(wire);
    return wire;
  }

  #drop(wire: Wire): void {
    wire.close();
    this.#open.delete(wire);
    this.#silent.delete(wire);
  }
}

type Trickle = Fault & { kind: "trickle" };

/** A request that has come whole. */
interface Call {
  client: Wire;
  request: Uint8Array;
  /** The head that comes next, or `undefined` when the client has gone. */
  gone: Promise<Head | undefined>;
}

/** Keeps a promise in a set until it is settled. */
function track(set: Set<Promise<void>>, promise: Promise<void>): void {
  set.add(promise);
  promise.finally(() => set.delete(promise));
}

function zero(): Counts {
  return { connections: 0, requests: 0, fromClient: 0, toClient: 0 };
}
