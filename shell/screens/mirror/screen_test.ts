import { assert, assertEquals } from "@std/assert";
import type { MirrorState } from "../../../db/mirror/messages.ts";
import { ErthError } from "../../../errors.ts";
import { type MirrorReport, unknownState } from "../../mirror/report.ts";
import { mirrorFragment, mirrorScreen, mirrorText } from "./screen.ts";
import { entries, mirrorWords, moment } from "./words.ts";

const NOW = new Date();
/** Today, unless it is a minute past midnight. */
const SINCE = new Date(NOW.getFullYear(), NOW.getMonth(), NOW.getDate(), 0, 1).toISOString();

function report(state: Partial<MirrorState>): MirrorReport {
  const base = { url: "libsql://notes.example", deviceName: "desk" };
  return { ...unknownState(SINCE), ...base, ...state };
}

const WORDS: [Partial<MirrorState>, string, string][] = [
  [{ phase: "connecting" }, "starting", "Connecting to notes.example …"],
  [
    { phase: "loading", progress: { done: 1_500, total: 60_000 } },
    "starting",
    "Comparing with notes.example: 1,500 of 60,000 entries.",
  ],
  [
    { phase: "offline", pending: 1 },
    "offline",
    "Saved here. Not yet on notes.example: offline since 00:01.",
  ],
  [
    { phase: "offline" },
    "offline",
    "Saved here. Offline since 00:01: notes.example can't be reached.",
  ],
  [
    { phase: "offline", error: { code: "STORE_FULL", detail: "" } },
    "offline",
    "Saved here. Not mirrored since 00:01: the disk is full.",
  ],
  [
    { phase: "behind", pending: 2 },
    "starting",
    "Saved here. Not yet on notes.example: 2 entries.",
  ],
  [{ phase: "behind" }, "starting", "Saved here. Fetching what is new on notes.example."],
  [{ phase: "current" }, "ready", "Saved here and on notes.example."],
  [
    { phase: "stopped", error: { code: "MIRROR_AUTH", detail: "401" } },
    "broken",
    "Saved here. Not mirrored since 00:01: the remote refuses the token.",
  ],
];

Deno.test("each state has its words, on the screen as in the terminal", () => {
  for (const [state, dot, headline] of WORDS) {
    const known = report(state);
    assertEquals(mirrorWords(known).headline, headline);
    assertEquals(mirrorWords(known).state, dot);
    assert(mirrorText(known).startsWith(headline));
    const html = mirrorFragment(known, "Erth").toString().replaceAll("&#39;", "'");
    assert(html.includes(headline) && html.includes(`data-state="${dot}"`), headline);
  }
});

Deno.test("times are the clock's today, and have their date before", () => {
  const now = new Date(2026, 5, 15, 12);
  const at = (...parts: [number, number, number]) => new Date(...parts, 14, 2).toISOString();
  assertEquals(moment(at(2026, 5, 15), now), "14:02");
  assertEquals(moment(at(2026, 5, 14), now), "14 Jun, 14:02");
  assertEquals(moment(at(2025, 5, 15), now), "15 Jun 2025, 14:02");
  assertEquals(moment("not a time", now), "not a time");
  assertEquals([entries(1), entries(0), entries(1200)], ["1 entry", "0 entries", "1,200 entries"]);
});

Deno.test("off, there is a form that says what leaves the computer", () => {
  const html = mirrorFragment({ phase: "off", deviceName: "<b>desk" }, "Erth").toString();
  for (const part of ['name="url"', 'type="password"', "&lt;b&gt;desk", "What leaves"]) {
    assert(html.includes(part), part);
  }
});

Deno.test("a refusal keeps what was given, but the token", () => {
  const error = new ErthError("MIRROR_URL", "<a.example> would be spoken to");
  const wish = { url: 'http://a.example?"', deviceName: "desk" };
  const html = mirrorFragment({ phase: "off", deviceName: "host" }, "Erth", { error, wish })
    .toString();
  assert(html.includes('value="http://a.example?&quot;"') && html.includes('value="desk"'));
  assert(html.includes('data-code="MIRROR_URL"') && html.includes("&lt;a.example&gt;"));
  assert(/<input name="token"[^>]*>/.exec(html)![0].search("value") < 0);
});

Deno.test("only what a form can help shows one", () => {
  const has = (code: "MIRROR_AUTH" | "MIRROR_REMOTE_SWAPPED" | "MIRROR_QUOTA") =>
    mirrorFragment(report({ phase: "stopped", error: { code, detail: "" } }), "Erth")
      .toString().includes("Connect again");
  assertEquals([has("MIRROR_AUTH"), has("MIRROR_REMOTE_SWAPPED")], [true, true]);
  assertEquals(has("MIRROR_QUOTA"), false);
});

Deno.test("devices, notices and what is left out are shown, and escaped", () => {
  const device = { id: 'd"1', name: "<i>Laptop", seen: SINCE, behind: 1200, own: false };
  const own = { ...device, id: "d2", name: "desk", behind: 0, own: true };
  const row = { id: "n/1", reason: "<u>", at: SINCE } as const;
  const known = report({
    phase: "current",
    devices: [device, own],
    notices: [{ code: "MIRROR_COPIED", at: SINCE }],
    aside: [
      { ...row, table: "notes", direction: "push", code: "MIRROR_ROW_TOO_LARGE" },
      { ...row, table: "messages", direction: "pull", code: "MIRROR_ROW_REFUSED" },
    ],
  });
  const html = mirrorFragment(known, "Erth").toString();
  assert(!html.includes("<i>Laptop") && !html.includes("<u>"));
  assertEquals(html.match(/mirror\/forget/g)?.length, 1);
  for (const part of ["1,200 behind", 'href="notes/n%2F1"', "shell/mirror/dismiss"]) {
    assert(html.includes(part), part);
  }
  const text = mirrorText(known);
  for (const part of ["<i>Laptop", "[MIRROR_COPIED]", "notes n/1", "[MIRROR_ROW_REFUSED]"]) {
    assert(text.includes(part), part);
  }
});

Deno.test("scripts get the report, terminals text; who waits is told when it is known", async () => {
  const known = report({ phase: "current" });
  const waited: number[] = [];
  const settled = (ms: number) => Promise.resolve(void waited.push(ms));
  const screen = mirrorScreen({ report: () => known, settled, title: "Erth" });
  const ask = async (accept: string, query = "") =>
    await (await screen(
      new Request(`http://127.0.0.1:1/p/mirror${query}`, { headers: { accept } }),
    )).text();
  assertEquals(JSON.parse(await ask("application/json")), JSON.parse(JSON.stringify(known)));
  assertEquals(await ask("text/plain"), mirrorText(known));
  assertEquals(waited, []);
  assert((await ask("text/html", "?wait")).includes('id="main"'));
  assertEquals(waited.length, 1);
});
