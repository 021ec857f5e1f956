/** Severity, in rising order. */
export type Level = "debug" | "info" | "warn" | "error";

/** Named values of one event; never a secret. */
export type Fields = Record<string, unknown>;

/** Where a module reports what happened. An event is a short name, its details are fields. */
export interface Log {
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
}

const ORDER: readonly Level[] = ["debug", "info", "warn", "error"];
const TAIL = 300;

/** A log that keeps its last lines for the Status screen and hands each line to `write`. */
export class LineLog implements Log {
  readonly #lines: string[] = [];
  readonly #least: number;
  readonly #write: (line: string) => void;
  readonly #now: () => Date;

  /** @param write Takes one line without its line end; it must not throw. */
  constructor(write: (line: string) => void, least: Level = "info", now = () => new Date()) {
    this.#write = write;
    this.#least = ORDER.indexOf(least);
    this.#now = now;
  }

  /** The last lines, oldest first; 300 at most. */
  tail(): readonly string[] {
    return this.#lines;
  }

  debug(event: string, fields?: Fields): void {
    this.#add("debug", event, fields);
  }

  info(event: string, fields?: Fields): void {
    this.#add("info", event, fields);
  }

  warn(event: string, fields?: Fields): void {
    this.#add("warn", event, fields);
  }

  error(event: string, fields?: Fields): void {
    this.#add("error", event, fields);
  }

  #add(level: Level, event: string, fields: Fields = {}): void {
    if (ORDER.indexOf(level) < this.#least) return;
    const details = Object.entries(fields).map(([k, v]) => ` ${k}=${inline(v)}`).join("");
    const line = `${this.#now().toISOString()} ${level.padEnd(5)} ${event}${details}`;
    this.#lines.push(line);
    if (this.#lines.length > TAIL) this.#lines.shift();
    this.#write(line);
  }
}

/** What JSON leaves as it is although it acts on the terminal that shows a log, or turns words round. */
const ACTING = /[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** A value on one line: a bare word as it is, all else as JSON, so that a line can't be forged. */
function inline(value: unknown): string {
  const text = value instanceof Error ? `${value.name}: ${value.message}` : value;
  if (typeof text === "string" && /^[\w./:@%+-]+$/.test(text)) return text;
  const json = JSON.stringify(text) ?? "undefined";
  return json.replaceAll(ACTING, (it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
