import { harmless } from "../presentation/plain_text.ts";
import { say } from "./print.ts";

/** Characters of one argument that a terminal is shown. */
const LONGEST = 2_000;

/** Whether a person sees what is printed. */
export function isWatched(): boolean {
  return Deno.stdout.isTerminal();
}

/** Asks for a line of text; undefined if there is none. */
function askLine(question: string): string | undefined {
  return prompt(harmless(question)) ?? undefined;
}

/** Asks for yes or no. */
export function askYes(question: string): boolean {
  return confirm(harmless(question));
}

/** Tells what a tool is about to do, in full, and asks for permission. */
export function askPermission(
  summary: string,
  given: Record<string, unknown> = {},
): "once" | "always" | "no" {
  say(`\n${wishOf(summary, given)}`);
  const said = askLine("May it? y = once, a = always in this conversation, n = no:") ?? "n";
  if (/^a/i.test(said)) return "always";
  return /^y/i.test(said) ? "once" : "no";
}

/** What a tool is about to do, in full, for the person who is asked. */
export function wishOf(summary: string, given: Record<string, unknown> = {}): string {
  const lines = Object.entries(given).map(([name, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    const rest = text.length - LONGEST;
    return `  ${name}: ${text.slice(0, LONGEST)}${rest > 0 ? ` … and ${rest} characters` : ""}`;
  });
  return harmless([summary, ...lines].join("\n"));
}
