import { kill } from "node:process";
import { ErthError } from "../../errors.ts";
import { type Clock, within } from "./clock.ts";
import { readLines } from "./lines.ts";

/** What to start. */
export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  /** The child's whole environment; see `childEnvironment`. No secret belongs in it. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A started process; `Deno.ChildProcess` is one. */
export interface Process {
  readonly pid: number;
  readonly stdin: WritableStream<Uint8Array>;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  readonly status: Promise<{ readonly code: number; readonly signal: string | null }>;
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}

/** Starts a process with three pipes; throws if it can't. */
export type Spawn = (command: Command) => Process;

/** How long each step of an end may take, in milliseconds. */
export interface Graces {
  /** From the stop line to SIGTERM. */
  readonly stop: number;
  /** From SIGTERM to SIGKILL. */
  readonly term: number;
}

/** How `Child.reaped` tells of a process that was ended by force. */
export const KILLED = "Killed by SIGKILL";

const WINDOWS = Deno.build.os === "windows";
const LONGEST_LINE = 64 * 1024;
const DRAIN_MS = 100;
const ALLOWED = new Set([
  ...["PATH", "HOME", "USER", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TMP", "TEMP"],
  ...["SYSTEMROOT", "WINDIR", "USERPROFILE", "APPDATA", "LOCALAPPDATA"],
  ...["SSL_CERT_FILE", "SSL_CERT_DIR"],
]);
const encoder = new TextEncoder();

/** The part of an environment that a child may see: paths and language, nothing that may be secret. */
export function childEnvironment(all: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(all).filter(([name]) => {
    const upper = name.toUpperCase();
    return ALLOWED.has(upper) || upper.startsWith("LC_");
  });
  return Object.fromEntries(kept);
}

/**
 * Starts a real process. It leads a process group of its own, so that Ctrl+C in a terminal doesn't
 * reach it and its own children end with it.
 *
 * @throws {ErthError} `PAYLOAD_NOEXEC` if the system refuses to run it.
 * @throws {Deno.errors.NotFound} If it isn't there.
 */
export const spawnProcess: Spawn = ({ command, args, env, cwd }) => {
  try {
    return new Deno.Command(command, {
      args: [...args],
      env,
      cwd,
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      detached: !WINDOWS,
    }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    throw new ErthError("PAYLOAD_NOEXEC", `${command}: ${error.message}`, { cause: error });
  }
};

/** Who hears a process. */
export interface Listener {
  /** Takes the lines of standard output, those over 64 KiB cut. */
  readonly onLine: (line: string, cut: boolean) => void;
  /** Takes the lines of standard error, cut likewise. */
  readonly onLog: (line: string) => void;
  /** One of the others threw this. */
  readonly onFault: (error: unknown) => void;
}

/** A process that takes JSON lines, and whose lines are heard. */
export class Child {
  readonly pid: number;
  /** Resolves at the process's end, once it is reaped, with how it ended; never rejects. */
  readonly reaped: Promise<string>;
  /** Resolves when standard output ends, which a process may do and yet live on. */
  readonly mute: Promise<void>;
  readonly #process: Process;
  readonly #clock: Clock;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #drained: Promise<unknown>;
  readonly #stopReading = new AbortController();

  constructor(process: Process, clock: Clock, { onLine, onLog, onFault }: Listener) {
    this.#process = process;
    this.#clock = clock;
    this.pid = process.pid;
    this.#input = process.stdin.getWriter();
    this.#input.closed.catch(() => {});
    const reading = { limit: LONGEST_LINE, onFault, signal: this.#stopReading.signal };
    this.mute = readLines(process.stdout, { ...reading, onLine });
    this.#drained = Promise.all([
      this.mute,
      readLines(process.stderr, { ...reading, onLine: onLog }),
    ]);
    this.reaped = process.status.then(
      ({ code, signal }) => signal ? `Killed by ${signal}` : `Exited with status ${code}`,
      (error) => `Lost: ${error}`,
    );
  }

  /** Writes one line to standard input; does nothing if nobody reads there any more. */
  send(line: Record<string, unknown>): void {
    this.#input.write(encoder.encode(JSON.stringify(line) + "\n")).catch(() => {});
  }

  /** Ends the process: stop line, SIGTERM, SIGKILL (Windows: stop line, kill). */
  async end(graces: Graces): Promise<void> {
    this.send({ stop: true });
    if (await within(this.#clock, graces.stop, this.reaped)) return;
    if (!WINDOWS) {
      this.#kill("SIGTERM");
      if (await within(this.#clock, graces.term, this.reaped)) return;
    }
    // Not reaped yet, so the number is still its own and the group's.
    killGroup(this.pid);
    this.#kill("SIGKILL");
    await this.reaped;
  }

  /** After the end: reads what is left in the pipes, ends its children, frees everything. */
  async release(): Promise<void> {
    await this.reaped;
    // Whoever has its number now is a stranger, and the group was empty: else it wouldn't be free.
    if (!exists(this.pid)) killGroup(this.pid);
    await within(this.#clock, DRAIN_MS, this.#drained);
    this.#stopReading.abort();
    await this.#input.abort().catch(() => {});
    await this.#drained;
  }

  #kill(signal: "SIGTERM" | "SIGKILL"): void {
    try {
      this.#process.kill(signal);
    } catch {
      // It has just ended by itself.
    }
  }
}

/** Ends a process group that may be empty. */
function killGroup(leader: number): void {
  if (WINDOWS) return;
  try {
    Deno.kill(-leader, "SIGKILL");
  } catch {
    // It is empty, as it should be.
  }
}

/** Whether there is a process of that number, whoever's it is. */
function exists(pid: number): boolean {
  try {
    return kill(pid, 0);
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}
