import { type ErrorCode, ErthError, isErrorCode } from "../../errors.ts";

/** The first line on the sidecar's standard input, but for the token. */
export interface Greeting {
  readonly origin: string;
  readonly database: string;
  readonly dataDir: string;
  readonly logLevel: string;
  readonly [more: string]: unknown;
}

/** What the sidecar told of a commit. */
export interface Changed {
  readonly topic: string;
  readonly id: string;
}

/** An answer of the sidecar's wants a model, or has let go of it. */
export interface ModelWish {
  readonly ref: string;
  readonly wanted: boolean;
  /** Of the answer that has ended, in tokens per second. */
  readonly speed?: number;
}

/** Why a sidecar can't go on. */
export interface Fatal {
  readonly code?: ErrorCode;
  readonly message: string;
}

/** What a line says, if anything. */
export interface Word {
  readonly changed?: Changed;
  readonly wish?: ModelWish;
  readonly fatal?: Fatal;
}

const LONGEST_WORDS = 500;
const LONGEST_ID = 128;
const LONGEST_REF = 512;

/** A line of the sidecar's; what it doesn't say is missing. */
export function wordOf(line: Record<string, unknown>): Word {
  return { changed: changeOf(line), wish: wishOf(line), fatal: fatalOf(line) };
}

/** A line as word of a commit; undefined if it is anything else. */
function changeOf({ event, topic, id }: Record<string, unknown>): Changed | undefined {
  if (event !== "changed") return undefined;
  if (typeof topic !== "string" || !/^[a-z][a-z-]{0,31}$/.test(topic)) return undefined;
  return { topic, id: String(id ?? "").slice(0, LONGEST_ID) };
}

/** A line as word of a model; undefined if it is anything else. */
function wishOf(line: Record<string, unknown>): ModelWish | undefined {
  const { event, wanted, released, speed } = line;
  const ref = wanted ?? released;
  if (event !== "model" || typeof ref !== "string" || ref.length > LONGEST_REF) return undefined;
  const told = typeof speed === "number" && Number.isFinite(speed) ? speed : undefined;
  return { ref, wanted: wanted !== undefined, ...told !== undefined && { speed: told } };
}

/** A line as last words; undefined if it is anything else. */
function fatalOf({ event, code, message }: Record<string, unknown>): Fatal | undefined {
  if (event !== "fatal") return undefined;
  const known = isErrorCode(code) ? code : undefined;
  return {
    code: known,
    message: String(message ?? code ?? "It can't go on").slice(0, LONGEST_WORDS),
  };
}

/** Whether the catalogue says that trying again doesn't help. */
export function isHopeless(code: string | undefined): boolean {
  return isErrorCode(code) && !new ErthError(code).toJSON().error.recoverable;
}
