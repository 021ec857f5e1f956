import catalogue from "./errors.json" with { type: "json" };

/** A code of `errors.json`. */
export type ErrorCode = keyof typeof catalogue;

/** Whose name stands in messages and hints. */
let app = { name: "erth", title: "Erth" };

/** Lets errors speak in the name of another app on the same shell; to be called once, at the start. */
export function speakFor(other: { name: string; title: string }): void {
  app = { name: other.name, title: other.title };
}

/** A text of the catalogue in an app's name: `Erth` is its title, `` `erth `` its command. */
export function inNameOf({ name, title }: { name: string; title: string }, text: string): string {
  return text.replaceAll("`erth", () => `\`${name}`).replaceAll(/\bErth\b/g, () => title);
}

const FULL_CODES = new Set<unknown>(["ENOSPC", "EDQUOT", "SQLITE_FULL"]);
/** The second is Windows's; of the numbers only those that mean nothing else on another system. */
const FULL_WORDS =
  /no space left|not enough space on the disk|quota exceeded|disk is full|os error 28\b|\b(ENOSPC|EDQUOT|SQLITE_FULL)\b/i;

/** One error as page, JSON and log show it. */
export interface ErrorShape {
  code: ErrorCode;
  message: string;
  hint: string;
  recoverable: boolean;
}

/**
 * An error of the catalogue. `message` is for a person; `detail` is for the log and the developer
 * and never holds a secret.
 */
export class ErthError extends Error {
  readonly code: ErrorCode;
  readonly detail: string;

  /** @param detail What was seen: a path, a value, another program's words. */
  constructor(code: ErrorCode, detail = "", options?: ErrorOptions) {
    super(inNameOf(app, catalogue[code].message), options);
    this.name = "ErthError";
    this.code = code;
    this.detail = detail;
  }

  /** What to do next, for a person. */
  get hint(): string {
    return inNameOf(app, catalogue[this.code].hint);
  }

  /** Whether trying again can help. */
  get recoverable(): boolean {
    return catalogue[this.code].recoverable;
  }

  /** The HTTP status of an answer with this error. */
  get status(): number {
    return catalogue[this.code].status;
  }

  /** The exit code of a command that ends with this error. */
  get exit(): number {
    return catalogue[this.code].exit;
  }

  /** The one shape that every layer shows: `{"error": {code, message, hint, recoverable}}`. */
  toJSON(): { error: ErrorShape } {
    const { code, message, hint, recoverable } = this;
    return { error: { code, message, hint, recoverable } };
  }
}

/**
 * Any thrown value as an `ErthError`. What isn't one already becomes `fallback` with its words; a
 * full disk, which can be met wherever something is written, is `STORE_FULL` instead of `INTERNAL`.
 */
export function asErthError(thrown: unknown, fallback: ErrorCode = "INTERNAL"): ErthError {
  if (thrown instanceof ErthError) return thrown;
  const words = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  const code = fallback === "INTERNAL" && isDiskFull(thrown) ? "STORE_FULL" : fallback;
  return new ErthError(code, words, { cause: thrown });
}

/**
 * Whether an error says that a disk, or somebody's share of it, is full: one of Deno or Node
 * (`ENOSPC`, `EDQUOT`), of SQLite (`SQLITE_FULL`), or the words of either.
 */
export function isDiskFull(thrown: unknown): boolean {
  const { code, message } = (thrown ?? {}) as { code?: unknown; message?: unknown };
  return FULL_CODES.has(code) || FULL_WORDS.test(String(message ?? thrown));
}

/** Whether a text is a code of the catalogue, such as one read from another process. */
export function isErrorCode(text: unknown): text is ErrorCode {
  return typeof text === "string" && Object.hasOwn(catalogue, text);
}
