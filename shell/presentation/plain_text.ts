/** What a terminal must not get as it is. */
const ACTING: readonly RegExp[] = [
  // What acts on it instead of showing (ECMA-48): C0 and C1 but for tab and line feed.
  // deno-lint-ignore no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g,
  // What lets words run backwards (UAX #9), or ends a line where no end shows.
  /[\u202a-\u202e\u2066-\u2069\u2028\u2029]/g,
  // What takes no room, so that two names look like one.
  /[\u00ad\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff]/g,
  // Joiners are letters' own in many scripts, and hold emoji together; behind ASCII they only hide.
  // deno-lint-ignore no-control-regex
  /(?<=[\u0000-\u007f])[\u200c\u200d]/g,
  // Tags make flags of countries; elsewhere they hide words.
  /(?<!\u{1f3f4}[\u{e0020}-\u{e007e}]*)[\u{e0000}-\u{e007f}]/gu,
];

/**
 * A text as a terminal may have it: what a note, a file or a model says must not move the cursor,
 * rename the window, reach the clipboard or look like something else. Each such letter becomes `�`.
 */
export function harmless(text: string): string {
  return replaced(text.replaceAll("\r", ""), () => "�");
}

/** A text that stands within a line: nor may it begin another one, which would look like ours. */
export function oneLine(text: string): string {
  return harmless(text.trim().replaceAll(/\s+/g, " "));
}

/** JSON for a terminal as well: the same value, with what acts on a terminal as `\uXXXX`. */
export function harmlessJson(value: unknown): string {
  const unit = (it: string) => `\\u${it.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return replaced(JSON.stringify(value), (letter) => letter.split("").map(unit).join(""));
}

function replaced(text: string, by: (letter: string) => string): string {
  return ACTING.reduce((known, letters) => known.replaceAll(letters, by), text);
}
