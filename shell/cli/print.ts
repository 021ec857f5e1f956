import { harmless, harmlessJson, oneLine } from "../presentation/plain_text.ts";

/** Standard output or standard error. */
type Stream = { writeSync(bytes: Uint8Array): number };

const ERASE_LINE = "\r\x1b[K";

/**
 * Prints words for people on standard output, whatever stands in them; exact texts are in JSON.
 *
 * @param end What follows them; nothing, if they go on.
 */
export function print(words: string, end = "\n"): void {
  write(Deno.stdout, harmless(words) + end);
}

/** Prints one JSON document, exactly. */
export function printJson(value: unknown): void {
  write(Deno.stdout, `${harmlessJson(value)}\n`);
}

/** Prints words for people on standard error, where they don't mix with what was asked for. */
export function say(words: string, end = "\n"): void {
  write(Deno.stderr, harmless(words) + end);
}

/** Says how far something is; in place of what was said before, if a person watches. */
export function sayProgress(words: string, watched: boolean): void {
  write(Deno.stderr, watched ? ERASE_LINE + oneLine(words) : `${oneLine(words)}\n`);
}

function write(to: Stream, text: string): void {
  let rest = new TextEncoder().encode(text);
  try {
    while (rest.length > 0) rest = rest.subarray(to.writeSync(rest));
  } catch (error) {
    // Who reads has seen enough, as `head` does.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
