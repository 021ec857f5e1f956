/** A command as it is typed: `TEXT` and `PATH` stand for what is odd. */
export const WITH_TEXT: readonly (readonly string[])[] = [
  ["note", "add", "TEXT"],
  ["note", "add", "x", "--title", "TEXT"],
  ["note", "add", "x", "--tags", "TEXT"],
  ["note", "search", "TEXT"],
  ["note", "list", "--tags", "TEXT"],
  ["note", "show", "TEXT"],
  ["note", "delete", "TEXT"],
  ["ask", "TEXT"],
  ["ask", "x", "--thread", "TEXT"],
  ["ask", "x", "--model", "TEXT"],
  ["library", "list", "TEXT"],
  ["library", "remove", "TEXT"],
  ["model", "use", "TEXT"],
  ["model", "load", "TEXT"],
  ["model", "remove", "TEXT"],
  ["model", "pull", "TEXT"],
  ["model", "pull", "https://models.invalid/a.gguf", "--sha256", "TEXT"],
  ["model", "endpoint", "add", "TEXT"],
  ["model", "endpoint", "add", "http://127.0.0.1:9/v1", "--name", "TEXT", "--model", "TEXT"],
  ["model", "endpoint", "remove", "TEXT"],
  ["mirror", "connect", "TEXT"],
  ["mirror", "connect", "http://127.0.0.1:9", "--name", "TEXT"],
  ["mirror", "forget", "TEXT"],
  ["serve", "--port", "TEXT"],
  ["--window-backend", "TEXT"],
  ["help", "TEXT"],
  ["TEXT"],
];

/** Texts that an argument can hold: none has NUL, and none is longer than 128 KB (execve(2)). */
export const ARGUMENTS: readonly (readonly [string, string])[] = [
  ["nothing", ""],
  ["100 KB", "x".repeat(100_000)],
  ["right to left, and control characters", "\u202eאב\u2066\x01\x1b]0;x\x07\x7f\u0085\r\n"],
  ["what objects have", "__proto__"],
];

/** Commands that take a file or folder. */
export const WITH_PATH: readonly (readonly string[])[] = [
  ["ask", "x", "--file", "PATH"],
  ["model", "add", "PATH"],
];

/** Commands that take a data folder, and are given one that can't be it. */
export const WITH_DATA: readonly (readonly string[])[] = [
  ["note", "list", "--data", "PATH"],
];

/** What is typed wrongly: each is a `USAGE` error. */
export const MISTYPED: readonly (readonly string[])[] = [
  ["--no-such-option"],
  ["note", "add", "x", "--no-such-option=1"],
  ["note", "add", "x", "-x"],
  ["note", "add", "x", "--title"],
  ["note", "add", "x", "--title", "--json"],
  ["note", "list", "--json=1"],
  ["note", "--", "--json"],
  ["serve", "extra"],
  ["status", "extra"],
  ["open", "extra"],
  ["doctor", "extra"],
  ["serve", "--port", "-1"],
  ["serve", "--port", "1e3"],
  ["serve", "--data", ""],
  ["version", "extra"],
  ["ask", "x", "--sha256", "x"],
  ["note", "list", "--port", "0"],
];

/** What is odd, and meant: each is understood. */
export const MEANT: readonly (readonly string[])[] = [
  ["note", "add", "--", "--title"],
  ["note", "add", "--title=", "x"],
  ["note", "add", "--json", "x", "--json"],
  ["note", "add", "x", "--title", "a", "--title", "b"],
  ["note", "search", "--", "-x"],
];

/** Standard input of a command that reads it. */
export const PIPED: readonly (readonly [string, string, Uint8Array<ArrayBuffer>])[] = [
  ["NUL", "note add", new Uint8Array([97, 0, 98])],
  ["no UTF-8", "note add", new Uint8Array([97, 255, 254, 98])],
  ["a megabyte", "note add", new Uint8Array(1_000_000).fill(120)],
  ["more than a note holds", "note add", new Uint8Array(5_000_000).fill(120)],
  ["nothing", "note add", new Uint8Array()],
  ["NUL as question", "ask", new Uint8Array([0, 0])],
  ["a megabyte of question", "ask -", new Uint8Array(1_000_000).fill(120)],
  [
    "a key of a megabyte",
    "model endpoint add http://127.0.0.1:9/v1 --key-stdin",
    new Uint8Array(1_000_000).fill(120),
  ],
  ["a token of NUL", "mirror connect http://127.0.0.1:9 --token-stdin", new Uint8Array([0, 10])],
];
