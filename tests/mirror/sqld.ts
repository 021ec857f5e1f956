import { createClient, type InArgs, type Row } from "@libsql/client/web";
import { join } from "node:path";
import { run } from "../../tools/steps/command.ts";
import { sqld } from "../../tools/fetch/sqld.ts";
import { poll } from "../harness.ts";
import { Issuer, type Tokens, tokensOf } from "./tokens.ts";

/** How long it may take to come up, and to go in order (open streams keep it for ever). */
const START_MS = 20_000;
const STOP_MS = 1_000;

/** Below the range that outgoing connections take theirs from, so that a restart finds it free. */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;

/** What sqld with many databases makes of the host 127.0.0.1. */
const DEFAULT_NAME = "127";

/** The server's log goes to a file, and the server with the thread that started it. */
const LAUNCH = 'log=$1; shift; exec setpriv --pdeathsig KILL "$@" >>"$log" 2>&1';

/** How a server is started. */
export interface SqldOptions {
  /** Where its databases are; a fresh folder by default, deleted at the end. */
  folder?: string;
  /** Whether only tokens of its own issuer are let in. */
  jwt?: boolean;
  /** Default: a free one. */
  port?: number;
  /** Whether embedded replicas of other makes may follow it, at `grpcUrl`. */
  grpc?: boolean;
  /** Whether it holds many databases: `fresh` makes one. */
  namespaces?: boolean;
}

/** A real sqld on 127.0.0.1. */
export class Sqld implements AsyncDisposable {
  readonly port: number;
  /** Its default database, as `@libsql/client` takes it. */
  readonly url: string;
  /** All empty without `jwt`. */
  readonly tokens: Tokens;
  /** Its databases; another process may look at them while it is stopped. */
  readonly folder: string;
  readonly #command: string[];
  readonly #admin: number;
  readonly #own: string;
  #child: Deno.ChildProcess | undefined;
  #made = 0;

  private constructor(
    places: { port: number; admin: number; own: string; folder: string },
    tokens: Tokens,
    command: string[],
  ) {
    this.port = places.port;
    this.url = `http://127.0.0.1:${places.port}`;
    this.tokens = tokens;
    this.folder = places.folder;
    this.#command = command;
    this.#admin = places.admin;
    this.#own = places.own;
  }

  /** Starts a server and waits until it answers; the first call fetches the program. */
  static async start(options: SqldOptions = {}): Promise<Sqld> {
    const own = await Deno.makeTempDir({ prefix: "sqld-" });
    const folder = options.folder ?? join(own, "data");
    const port = options.port ?? freePort();
    const admin = freePort();
    const issuer = options.jwt ? await Issuer.make() : undefined;
    const command = [await sqld(), "--no-welcome", "--db-path", folder];
    command.push("--http-listen-addr", `127.0.0.1:${port}`);
    if (issuer !== undefined) {
      const key = join(own, "key");
      await Deno.writeTextFile(key, await issuer.publicKey());
      command.push("--auth-jwt-key-file", key);
    }
    if (options.grpc) command.push("--grpc-listen-addr", `127.0.0.1:${freePort()}`);
    if (options.namespaces) {
      command.push("--enable-namespaces", "--admin-listen-addr", `127.0.0.1:${admin}`);
    }
    const server = new Sqld({ port, admin, own, folder }, await tokensOf(issuer), command);
    await server.#launch();
    return server;
  }

  /** The token that lets do everything; empty without `jwt`. */
  get token(): string {
    return this.tokens.valid;
  }

  /** Its process; `undefined` while it is stopped. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Where embedded replicas find it. */
  get grpcUrl(): string {
    const at = this.#command.indexOf("--grpc-listen-addr");
    if (at < 0) throw new Error("Cannot replicate as it was started without 'grpc'");
    return `http://${this.#command[at + 1]}`;
  }

  /** Ends it in order with SIGTERM, or with SIGKILL if open streams keep it. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    send(child, "SIGTERM");
    const timer = setTimeout(() => send(child, "SIGKILL"), STOP_MS);
    await child.status;
    clearTimeout(timer);
    this.#child = undefined;
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    if (this.#child === undefined) return;
    send(this.#child, "SIGKILL");
    await this.#child.status;
    this.#child = undefined;
  }

  /** Starts it again, at the same address with the same data; stops it first if it runs. */
  async restart(): Promise<void> {
    await this.stop();
    await this.#launch();
  }

  /** Keeps a copy of all databases, for `restore`; stands still meanwhile. */
  async snapshot(): Promise<string> {
    await this.stop();
    const copy = join(this.#own, `snapshot-${++this.#made}`);
    await run(["cp", "-a", this.folder, copy]);
    await this.#launch();
    return copy;
  }

  /** Takes all databases back to what a snapshot holds. */
  async restore(snapshot: string): Promise<void> {
    await this.stop();
    await Deno.remove(this.folder, { recursive: true });
    await run(["cp", "-a", snapshot, this.folder]);
    await this.#launch();
  }

  /** Empties it, databases of `fresh` included. */
  async wipe(): Promise<void> {
    await this.stop();
    await Deno.remove(this.folder, { recursive: true });
    await this.#launch();
  }

  /**
   * The address of a new, empty database (6 ms; a server of its own takes ten times that). It has
   * no stream of changes: sqld serves that for the default one only.
   */
  async fresh(): Promise<string> {
    const name = `db-${++this.#made}`;
    await this.#manage("POST", `${name}/create`, {});
    return `${this.url}/dev/${name}/`;
  }

  /** Deletes what `fresh` made. */
  async drop(url: string): Promise<void> {
    await this.#manage("DELETE", nameOf(url));
  }

  /** Refuses writes from now on, as a host does when a quota is used up; `undefined` lifts it. */
  async block(reason: string | undefined, url = this.url): Promise<void> {
    const config = { block_reads: false, block_writes: reason !== undefined, block_reason: reason };
    await this.#manage("POST", `${nameOf(url)}/config`, config);
  }

  /** Runs one statement with the valid token, in the default database or one of `fresh`; its rows. */
  async execute(sql: string, args: InArgs = [], url: string = this.url): Promise<Row[]> {
    const client = createClient({ url, authToken: this.token });
    try {
      return (await client.execute({ sql, args })).rows;
    } finally {
      client.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Deno.remove(this.#own, { recursive: true });
  }

  async #manage(method: string, path: string, body?: unknown): Promise<void> {
    const address = `http://127.0.0.1:${this.#admin}/v1/namespaces/${path}`;
    const headers = { "content-type": "application/json" };
    const response = await fetch(address, { method, headers, body: JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`Cannot ${method} ${path}: ${response.status} ${text}`);
  }

  /** There already after a restart. */
  async #makeDefault(): Promise<void> {
    await this.#manage("POST", `${DEFAULT_NAME}/create`, {}).catch((error) => {
      if (!error.message.includes("already exists")) throw error;
    });
  }

  async #launch(): Promise<void> {
    const log = join(this.#own, "log");
    const child = new Deno.Command("sh", {
      args: ["-c", LAUNCH, "sh", log, ...this.#command],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    this.#child = child;
    let ended = false;
    child.status.then(() => ended = true);
    const state = await poll(async () => {
      if (ended) return "ended";
      const response = await fetch(`${this.url}/health`);
      await response.body?.cancel();
      return response.ok && "ready";
    }, START_MS);
    if (state === "ended") {
      this.#child = undefined;
      const said = await Deno.readTextFile(log).catch(() => "");
      throw new Error(`sqld doesn't start: ${said.trim().split("\n").slice(-5).join("\n")}`);
    }
    if (this.#command.includes("--enable-namespaces")) await this.#makeDefault();
  }
}

/** The database at an address; sqld takes the first part of a host with dots for its name. */
function nameOf(url: string): string {
  return new URL(url).pathname.match(/^\/dev\/([^/]+)\/$/)?.[1] ?? DEFAULT_NAME;
}

/** A port of 127.0.0.1 that nobody listens at. */
export function freePort(): number {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

function send(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended already.
  }
}
