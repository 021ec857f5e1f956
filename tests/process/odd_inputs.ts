/** What a person, or a program in a person's name, may give: odd, but none of it a fault of ours. */

/** Texts for a field of a form or of a query. */
export const TEXTS: readonly (readonly [string, string])[] = [
  ["nothing", ""],
  ["a blank", " "],
  ["a megabyte", "x".repeat(1_000_000)],
  ["NUL", "a\0b"],
  ["half a surrogate pair", "a\ud800b"],
  ["right to left", "\u202eabc שלום مرحبا\u2066"],
  ["control characters", "\x01\x07\x1b]52;c;eA==\x07\x7f\x85\u2028\r\n\v"],
  ["10 000 tags", Array.from({ length: 10_000 }, (_, n) => `tag${n}`).join(",")],
  ["markup", `"'><script>alert(1)</script>{{7*7}}\${7*7}`],
  ["what objects have", "__proto__"],
  ["what objects have, too", "constructor"],
  ["a number without an end", "9".repeat(400)],
  ["less than nothing", "-1"],
  ["no number", "NaN"],
  ["full-width digits", "１２"],
  ["out of the folder", "../../../../etc/passwd"],
  ["half an escape", "%zz%"],
  ["no address", "http://[::1"],
  ["an address of another kind", "javascript:alert(1)"],
  ["a wildcard", '%_*"NEAR('],
];

/** What JSON has beside texts. */
export const VALUES: readonly unknown[] = [null, true, -1, 1e308, [], ["a", 1], { toString: "x" }];

/** Bodies that aren't what their type says, and how they are sent. */
export const BODIES: readonly (readonly [string, string, BodyInit])[] = [
  ["no JSON", "application/json", "{"],
  ["a list", "application/json", "[]"],
  ["null", "application/json", "null"],
  ["a deep one", "application/json", "[".repeat(50_000)],
  ["a deep one within", "application/json", `{"a":${"[".repeat(5_000)}${"]".repeat(5_000)}}`],
  ["no UTF-8", "application/json", new Uint8Array([123, 34, 255, 254, 34, 58, 49, 125])],
  ["no UTF-8 as form", "application/x-www-form-urlencoded", new Uint8Array([97, 61, 255, 254])],
  ["half an escape", "application/x-www-form-urlencoded", "a=%ff&b=%&%00=%00&=&&&"],
  ["fields without an end", "application/x-www-form-urlencoded", "a=1&".repeat(5_000)],
  ["another type", "multipart/form-data; boundary=x", "--x\r\n\r\n--x--"],
  ["no type", "", "title=x"],
];

/** Fields that may name a file, or something like one. */
export const NAMES = ["file", "name", "path", "ref", "upload", "url"];

/** Parts of an address in an id's place; as they are sent. */
export const IDS: readonly string[] = [
  "x",
  "%00",
  "%ff",
  "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
  "%ED%A0%80",
  "%E2%80%AE",
  "__proto__",
  "constructor",
  "x".repeat(4_000),
  "..%5c..",
  "%0d%0aset-cookie:a=b",
  "a.json",
  "a.md",
  ".json",
  "%25",
  "'%20OR%201=1--",
];

/**
 * The fields of each form and query. A route that isn't here fails the test: what it takes has to
 * be tried. `:id` and the like stand for one that is there, and then for those in `IDS`.
 */
export const ROUTES: Readonly<Record<string, readonly string[]>> = {
  ...ofConversations("chat"),
  ...ofConversations("temporary"),
  "POST chat": ["title"],
  "POST chat/:id/rename": ["title"],
  "POST chat/:id/restore": [],
  "POST chat/:id/conflicts/:conflict/keep": [],
  "POST chat/:id/conflicts/:conflict/use": [],
  "POST chat/:id/conflicts/:conflict/undo": [],
  "POST chat/import": ["file"],
  "GET find": ["q"],
  "GET library": ["q", "state", "page", "last", "thread", "file"],
  "GET library/list": ["q", "state", "page", "last", "file"],
  "GET library/:id": ["at", "page", "part", "more", "shown"],
  "GET library/:id/original.bin": [],
  "POST library": ["upload", "path", "name", "thread"],
  "POST library/:id/retry": [],
  "POST library/:id/delete": [],
  "POST library/:id/restore": [],
  ...ofShell(),
  // A title of a megabyte makes every list after it slow.
  ...ofNotes(),
};

function ofNotes(): Record<string, string[]> {
  const conflict = "notes/:id/conflicts/:conflict";
  return {
    "GET notes": ["q", "tag", "page", "last", "note"],
    "GET notes/list": ["q", "tag", "page", "last", "note"],
    "GET notes/:id": ["view", "at", "base", "shown", "q"],
    [`GET ${conflict}`]: ["view"],
    "POST notes": ["title", "body", "tags", "q", "tag"],
    "POST notes/:id": ["title", "body", "tags", "base", "q", "tag"],
    "POST notes/:id/pin": ["pinned"],
    [`POST ${conflict}/keep`]: [],
    [`POST ${conflict}/use`]: [],
    [`POST ${conflict}/both`]: [],
    [`POST ${conflict}/undo`]: [],
    "POST notes/:id/delete": ["q", "tag"],
    "POST notes/:id/restore": [],
  };
}

function ofConversations(at: string): Record<string, string[]> {
  const message = `${at}/:id/messages/:message`;
  const answer = `${at}/:id/answers/:answer`;
  return {
    [`GET ${at}`]: ["q"],
    [`GET ${at}/list`]: ["q"],
    [`GET ${at}/search`]: ["q"],
    [`GET ${at}/:id`]: ["at", "before", "after", "since", "shown", "q"],
    [`GET ${at}/:id/search`]: ["q"],
    [`GET ${message}`]: [],
    [`GET ${answer}`]: [],
    [`GET ${answer}/stream`]: [],
    [`POST ${at}/new`]: ["question", "model", "like"],
    [`POST ${at}/:id/messages`]: ["question"],
    [`POST ${at}/:id/star`]: ["starred"],
    [`POST ${at}/:id/settings`]: ["model", "system", "overflow", "retry"],
    [`POST ${answer}/stop`]: [],
    [`POST ${answer}/regenerate`]: [],
    [`POST ${answer}/actions/:action`]: ["choice"],
    [`POST ${answer}/actions/:action/undo`]: [],
    [`POST ${message}/answer`]: [],
    [`POST ${message}/delete`]: [],
    [`POST ${message}/restore`]: [],
    [`POST ${at}/:id/edit`]: ["message", "question"],
    [`POST ${at}/:id/unedit`]: ["moment"],
    [`POST ${at}/:id/delete`]: [],
  };
}

function ofShell(): Record<string, string[]> {
  return {
    "GET status": [],
    "GET status.txt": [],
    "GET mirror": ["wait"],
    "GET models": ["wait"],
    "GET unsaved": [],
    "POST shell/saved": ["closing", "page"],
    "POST shell/unsaved/keep": ["id"],
    "POST shell/unsaved/discard": ["id"],
    "POST shell/open": ["page"],
    "POST shell/opened": ["page", "ms"],
    "POST shell/focus": [],
    "POST shell/retry": [],
    "POST shell/measure": ["event"],
    "POST shell/upload": ["name"],
    "POST shell/dropped": [],
    "POST shell/mirror/connect": ["url", "token", "name", "force", "merge"],
    "POST shell/mirror/agree": [],
    "POST shell/mirror/decline": [],
    "POST shell/mirror/disconnect": [],
    "POST shell/mirror/now": [],
    "POST shell/mirror/forget": ["device"],
    "POST shell/mirror/dismiss": [],
    "POST shell/models/load": ["ref"],
    "POST shell/models/unload": ["ref"],
    "POST shell/models/use": ["ref"],
    "POST shell/models/settings": [
      ...["ref", "context", "threads", "temperature", "top_p", "max_tokens", "system"],
    ],
    "POST shell/models/add": ["path"],
    "POST shell/models/pull": ["url", "sha256"],
    "POST shell/models/cancel": ["id"],
    "POST shell/models/resume": ["id"],
    "POST shell/models/remove": ["ref"],
    "POST shell/models/restore": ["ref"],
    "POST shell/models/refresh": [],
    "POST shell/models/endpoint": ["preset", "url", "title", "key", "model", "force"],
    "POST shell/models/endpoint/remove": ["id"],
    // Its answer lasts as long as the guest stays.
    "POST shell/guest": [],
    // Whatever comes with it, it ends Erth: that is tried last.
    "POST shell/stop": [],
  };
}
