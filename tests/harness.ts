import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TextLineStream } from "@std/streams/text-line-stream";
import type { StatusReport } from "../shell/screens/status/screen.ts";

/** The project's folder. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The file under test. */
export const BINARY = Deno.env.get("ERTH_BINARY") ?? join(ROOT, "dist", "erth");

const READY_MS = 30_000;
const POLL_MS = 20;

/** How an instance is started. */
export interface StartOptions {
  /** Kept and handed to the next start; a fresh one by default, deleted at the end. */
  data?: string;
  /** A home folder: the platform's places below it are used then. Not deleted. */
  home?: string;
  args?: string[];
  env?: Record<string, string>;
  binary?: string;
  /** Faults of `fixtures/faulty_sidecar.py`, which then takes the bundled sidecar's place. */
  faults?: readonly string[];
}

/** One sidecar process, as the log tells of it. */
export interface Generation {
  pid: number;
  port: number;
  /** The public name of its first token. */
  token: string;
}

/** A running `erth serve`, and a script's way to talk to it. */
export class Erth implements AsyncDisposable {
  readonly url: string;
  readonly token: string;
  readonly pid: number;
  readonly data: string;
  readonly status: Promise<Deno.CommandStatus>;
  readonly #owned: string | undefined;

  private constructor(
    ready: { url: string; token: string; pid: number },
    data: string,
    status: Promise<Deno.CommandStatus>,
    owned: string | undefined,
  ) {
    this.url = ready.url;
    this.token = ready.token;
    this.pid = ready.pid;
    this.data = data;
    this.status = status;
    this.#owned = owned;
  }

  /** Starts the binary and waits for its ready line. */
  static async start(options: StartOptions = {}): Promise<Erth> {
    const { home } = options;
    const owned = (options.data ?? home) === undefined ? await Deno.makeTempDir() : undefined;
    const data = options.data ?? home ?? join(owned!, "data");
    const child = new Deno.Command(options.binary ?? BINARY, {
      args: ["serve", "--json", ...home ? [] : ["--data", data], ...options.args ?? []],
      env: { ...home ? at(home) : {}, ...options.env, ...faulty(options.faults) },
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const lines = child.stdout
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream())
      .getReader();
    const { value } = await lines.read();
    // Nothing else comes.
    await lines.cancel();
    const ready = JSON.parse(String(value));
    if (ready.error !== undefined) throw new StartError(ready.error.code, await child.status);
    return new Erth(ready, data, child.status, owned);
  }

  /** One request as a script, with the bearer token. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${this.token}`);
    return fetch(new URL(path, this.url), { ...init, headers });
  }

  /** One request with a JSON answer; throws with the error's code if it isn't a success. */
  async json<T>(path: string, form?: Record<string, string>, headers = {}): Promise<T> {
    const response = await this.fetch(path, {
      method: form === undefined ? "GET" : "POST",
      body: form === undefined ? undefined : new URLSearchParams(form),
      headers: { accept: "application/json", ...headers },
    });
    const answer = response.status === 204 ? {} : await response.json();
    if (!response.ok) throw new Error(answer.error?.code ?? `Status ${response.status}`);
    return answer;
  }

  /** What the Status screen says. */
  report(): Promise<StatusReport> {
    return this.json<StatusReport>("status");
  }

  /** The process id of the sidecar that answers, once there is one other than `last`. */
  async sidecar(last?: number): Promise<number> {
    return await poll(async () => {
      const { pid } = (await this.report()).sidecar;
      return pid !== last && pid;
    });
  }

  /** All sidecars so far that answered, oldest first. */
  async generations(): Promise<Generation[]> {
    const log = await Deno.readTextFile(join(this.data, "logs", "erth.log"));
    return [...log.matchAll(/ sidecar\.ready .*details=(\{.*\})$/gm)]
      .map(([, details]) => JSON.parse(details!));
  }

  /** Another link for a browser. */
  async launchUrl(): Promise<string> {
    return (await this.json<{ url: string }>("shell/open", {})).url;
  }

  /** Ends it with SIGTERM; its exit code. */
  async stop(): Promise<number> {
    try {
      Deno.kill(this.pid, "SIGTERM");
    } catch {
      // It has ended already.
    }
    return (await this.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    if (this.#owned !== undefined) await Deno.remove(this.#owned, { recursive: true });
  }
}

/** The environment of somebody whose home this is. */
function at(home: string): Record<string, string> {
  const elsewhere = ["XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "ERTH_DATA"];
  return { HOME: home, ...Object.fromEntries(elsewhere.map((name) => [name, ""])) };
}

/** What makes the faulty sidecar take the bundled one's place. */
function faulty(faults: readonly string[] | undefined): Record<string, string> {
  if (faults === undefined) return {};
  const python = join(ROOT, ".venv", "bin", "python");
  const script = join(ROOT, "tests", "fixtures", "faulty_sidecar.py");
  return { ERTH_SIDECAR_COMMAND: JSON.stringify([python, script, ...faults]) };
}

/** An instance that ended with an error instead of its ready line. */
export class StartError extends Error {
  readonly code: string;
  readonly exit: number;

  constructor(code: string, status: Deno.CommandStatus) {
    super(`Cannot start: ${code}`);
    this.code = code;
    this.exit = status.code;
  }
}

/** Runs a command of the binary to its end. */
export async function erth(
  args: string[],
  options: { env?: Record<string, string>; stdin?: string; binary?: string } = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = new Deno.Command(options.binary ?? BINARY, {
    args,
    env: options.env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  if (options.stdin !== undefined) {
    await writer.write(new TextEncoder().encode(options.stdin)).catch(() => {});
  }
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/**
 * Asks until there is an answer other than `undefined` and `false`; failures count as none.
 *
 * @throws {Error} after `limit` milliseconds, with the last failure as its cause.
 */
export async function poll<T>(
  ask: () => T | Promise<T>,
  limit = READY_MS,
): Promise<Exclude<T, undefined | false>> {
  const end = Date.now() + limit;
  let cause: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > end) throw new Error(`Nothing within ${limit} ms: ${ask}`, { cause });
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Whether a process is there (a zombie isn't). */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}
