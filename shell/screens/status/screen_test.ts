import { assert, assertEquals } from "@std/assert";
import { unknownState } from "../../mirror/report.ts";
import { statusFile, type StatusReport, statusScreen } from "./screen.ts";

const REPORT: StatusReport = {
  name: "erth",
  title: "Erth",
  version: "1.2.3",
  versions: { robyn: "0.88.0" },
  pid: 42,
  uptime: 3700,
  sidecar: {
    state: "ready",
    generation: 2,
    pid: 43,
    uptime: 65,
    restarts: [{ at: "2026-01-02T03:04:05.678Z", reason: "Killed by <SIGKILL>" }],
  },
  mirror: { phase: "off", deviceName: "desk" },
  database: { path: "/d/local_edge.db", bytes: 5 * 1024 * 1024 },
  folders: { data: "/d", cache: "/c", logs: "/l", portable: true },
  notices: ["/d was open to other accounts; now it is closed"],
  log: ["first line", "last </pre> line"],
};

function ask(headers: Record<string, string>): Promise<string> {
  const answer = statusScreen(() => REPORT)(
    new Request("http://127.0.0.1:1/p/status", { headers }),
  );
  return answer.text();
}

Deno.test("scripts get the report as JSON", async () => {
  assertEquals(JSON.parse(await ask({ accept: "application/json" })), REPORT);
});

Deno.test("the text to copy names versions, restarts and the log's tail", async () => {
  const text = await ask({ accept: "text/plain" });
  for (
    const part of [
      "1.2.3",
      "up 1 h 1 min",
      "generation 2",
      "SIGKILL",
      "5.2 MB",
      "last",
      "now it is closed",
    ]
  ) {
    assert(text.includes(part), part);
  }
  const file = statusFile(() => REPORT)();
  assertEquals(await file.text(), text);
  assert(file.headers.get("content-disposition")?.startsWith("attachment"));
});

Deno.test("what leaves this computer is said, and where it goes", async () => {
  assert((await ask({ accept: "text/plain" })).includes("Leaves this computer: nothing"));
  const since = "2026-01-02T03:04:05.678Z";
  const mirror = { ...unknownState(since), url: "libsql://a.example", deviceName: "desk" };
  const answer = statusScreen(() => ({ ...REPORT, mirror }))(
    new Request("http://127.0.0.1:1/p/status", { headers: { accept: "text/plain" } }),
  );
  const text = await answer.text();
  assert(text.includes("Leaves this computer: notes, conversations → a.example"), text);
});

Deno.test("the screen escapes what other programs said", async () => {
  const html = await ask({ accept: "text/html" });
  assert(html.includes("Killed by &lt;SIGKILL&gt;"));
  assert(html.includes("last &lt;/pre&gt; line"));
  assert(!html.includes("\\"));
});

Deno.test("the frame's parts get themselves alone", async () => {
  const dots = await ask({ accept: "text/html", "hx-target": "span#dots" });
  assertEquals(dots.match(/class="dot"/g)?.length, 3);
  assert(dots.includes('data-state="ready"'));
  assert(!dots.includes('id="main"'));
});
