/** Characters of one argument that a terminal is shown. */
const LONGEST = 2_000;

/**
 * A text as a terminal may have it: what a model or a file says must not move the cursor, rename
 * the window or reach the clipboard (ECMA-48; C0 and C1 but for tab and line feed).
 */
export function harmless(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replaceAll("\r", "").replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "�");
}

/** What a tool is about to do, in full, for the person who is asked. */
export function wishOf(summary: string, given: Record<string, unknown> = {}): string {
  const lines = Object.entries(given).map(([name, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    const rest = text.length - LONGEST;
    return `  ${name}: ${text.slice(0, LONGEST)}${rest > 0 ? ` … and ${rest} characters` : ""}`;
  });
  // Nor may words run backwards here (UAX #9).
  return harmless([summary, ...lines].join("\n")).replaceAll(/[\u202a-\u202e\u2066-\u2069]/g, "�");
}
