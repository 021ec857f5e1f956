import { assertEquals } from "@std/assert";
import { harmless, harmlessJson, oneLine } from "./plain_text.ts";

const CASES: [string, string, string][] = [
  ["the clipboard (OSC 52)", "a\x1b]52;c;eA==\x07b", "a�]52;c;eA==�b"],
  ["the window's title (OSC 0)", "\x1b]0;root\x1b\\", "�]0;root�\\"],
  ["the cursor (CSI)", "a\x1b[2J\x1b[1A", "a�[2J�[1A"],
  ["C1 controls", "a\x9b2J\x9d0;b\x9c", "a�2J�0;b�"],
  ["writing over a line", "hidden\rshown\b\b", "hiddenshown��"],
  ["a line's end stays", "a\r\n\tb", "a\n\tb"],
  ["words that run backwards", "\u202efdp.exe\u2066", "�fdp.exe�"],
  ["letters that don't show", "ad\u200bmin\ufeff\u2060", "ad�min��"],
  ["a joiner behind ASCII", "ad\u200dmin", "ad�min"],
  ["tags that don't show", "a\u{e0041}b", "a�b"],
  ["words of people", "Grüß dich 你好 שלום 🎈", "Grüß dich 你好 שלום 🎈"],
  ["joiners that belong there", "👨‍👩‍👧 می‌خواهم 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ❤️", "👨‍👩‍👧 می‌خواهم 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ❤️"],
];

for (const [name, text, wanted] of CASES) {
  Deno.test(`plain text: ${name}`, () => assertEquals(harmless(text), wanted));
}

Deno.test("plain text: what stands in a line begins no other", () => {
  assertEquals(oneLine(" a\nb\r\nc\x1b[0m\u2028d "), "a b c�[0m d");
});

Deno.test("plain text: JSON is the same value, and acts on nothing", () => {
  const value = { text: "\x1b]0;a\x07\x7f\x9b\u202e\u200b\u{e0041}é👨‍👩‍👧" };
  const json = harmlessJson(value);
  assertEquals(JSON.parse(json), value);
  assertEquals(harmless(json), json);
});
