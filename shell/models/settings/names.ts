const LONGEST = 180;

/**
 * The name of a file as it came from elsewhere, without folders or anything that a system could
 * take for more than letters.
 */
export function cleanName(name: string, fallback: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  const letters = last.normalize("NFC")
    // deno-lint-ignore no-control-regex
    .replaceAll(/[\u0000-\u001f\u007f\u200e\u200f\u202a-\u202e\u2066-\u2069<>:"|?*]/g, "")
    .replaceAll(/\s+/g, " ").replace(/^[\s.]+/, "").replace(/[\s.]+$/, "");
  const [, stem = letters, ending = ""] = /^(.+?)(\.\w{1,8})?$/.exec(letters) ?? [];
  let kept = stem;
  const encoder = new TextEncoder();
  while (encoder.encode(kept).length > LONGEST) kept = [...kept].slice(0, -1).join("");
  return kept + ending || fallback;
}

/** `sub/Name-Q4_K_M-00001-of-00003.gguf` → `Name-Q4_K_M`. */
export function titleOf(name: string): string {
  return name.split("/").at(-1)!.replace(/\.gguf$/i, "").replace(/-\d{5}-of-\d{5}$/, "");
}

/** A name that isn't taken: the same, or with a number before its ending. */
export function freeName(name: string, isTaken: (name: string) => boolean): string {
  const [, stem = name, ending = ""] = /^(.+?)(\.\w{1,8})?$/.exec(name) ?? [];
  let free = name;
  for (let number = 2; isTaken(free); number++) free = `${stem}-${number}${ending}`;
  return free;
}
