import type { SidecarReport } from "../health.ts";
import { escape as escapeHtml } from "@std/html/entities";

/** What the Status screen, `erth status` and a report show. */
export interface StatusReport {
  version: string;
  versions: Record<string, string>;
  pid: number;
  /** Seconds since the start. */
  uptime: number;
  sidecar: SidecarReport;
  database: { path: string; bytes: number };
  folders: { data: string; cache: string; logs: string; portable: boolean };
  /** The last lines of the log, oldest first. */
  log: readonly string[];
}

/** Answers `GET status` as fragment, JSON or text, whichever the request accepts. */
export function statusScreen(report: () => StatusReport): (request: Request) => Response {
  return (request) => {
    const accept = request.headers.get("accept") ?? "";
    if (accept.includes("application/json")) return Response.json(report());
    if (accept.includes("text/plain")) {
      return new Response(statusText(report()), {
        headers: { "content-type": "text/plain; charset=utf-8" },
      });
    }
    return new Response(fragment(report()), {
      headers: { "content-type": "text/html; charset=utf-8" },
    });
  };
}

/** The report as text to copy: it names paths and versions, never what was written. */
export function statusText(report: StatusReport): string {
  const rows = facts(report).map(([name, value]) => `${name}: ${value}`);
  const restarts = report.sidecar.restarts.map(({ at, reason }) => `  ${at} ${reason}`);
  return [...rows, "Restarts:", ...(restarts.length ? restarts : ["  none"]), "Log:", ...report.log]
    .join("\n") + "\n";
}

function facts(report: StatusReport): [string, string][] {
  const { sidecar, database, folders } = report;
  const since = sidecar.uptime === undefined ? "" : `, up ${duration(sidecar.uptime)}`;
  const parts = Object.entries(report.versions).map(([name, version]) => `${name} ${version}`);
  return [
    ["Erth", `${report.version}, process ${report.pid}, up ${duration(report.uptime)}`],
    ["Sidecar", `${sidecar.state}, generation ${sidecar.generation}${since}`],
    ...(sidecar.cause ? [["Stopped because", sidecar.cause] as [string, string]] : []),
    ["Database", `${database.path} (${size(database.bytes)})`],
    ["Data", folders.data + (folders.portable ? " (portable)" : "")],
    ["Cache", folders.cache],
    ["Logs", folders.logs],
    ["Leaves this computer", "nothing"],
    ["Made of", parts.join(", ")],
  ];
}

function fragment(report: StatusReport): string {
  const { sidecar } = report;
  const rows = facts(report).map(([name, value]) =>
    `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`
  ).join("");
  const restarts = sidecar.restarts.length === 0
    ? "<p>None since the start.</p>"
    : `<ul class="restarts">${
      sidecar.restarts.map(({ at, reason }) =>
        `<li><time datetime="${at}">${at.slice(11, 19)}</time> ${escapeHtml(reason)}</li>`
      ).join("")
    }</ul>`;
  const retry = sidecar.state === "broken"
    ? `<form hx-post="shell/retry" hx-target="#screen"><button>Retry</button></form>`
    : "";
  return `<title>Status · Erth</title>
<article class="status" aria-labelledby="status-title" hx-get="status" hx-target="#screen" ` +
    `hx-trigger="erth:sidecar from:body, erth:status from:body">
<header class="bar"><h1 id="status-title" tabindex="-1">Status</h1>
<a class="button" href="status.txt" target="_blank" download="erth-status.txt">Save as text</a></header>
<p class="health" data-state="${sidecar.state}"><span class="dot" data-state="${sidecar.state}">` +
    `</span> ${HEALTH[sidecar.state] ?? escapeHtml(sidecar.state)}</p>${retry}
<dl class="facts">${rows}</dl>
<section><h2>Restarts</h2>${restarts}</section>
<section><h2>Log</h2><pre class="log" tabindex="0" aria-label="Log">${
      escapeHtml(report.log.slice(-100).join("\n"))
    }</pre></section>
<section><h2>As text</h2><textarea class="report" readonly rows="6" aria-label="Report to copy">${
      escapeHtml(statusText(report))
    }</textarea></section>
</article>`;
}

const HEALTH: Record<string, string> = {
  ready: "Everything runs.",
  starting: "The engine is starting.",
  unpacking: "Erth is unpacking its engine. This happens once per version.",
  backoff: "The engine is being restarted.",
  broken: "The engine doesn't start. Your notes are safe.",
  stopped: "Erth is ending.",
};

function duration(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds % 3600 / 60)} min`;
}

function size(bytes: number): string {
  if (bytes < 1024 * 1024) return `${Math.ceil(bytes / 1024)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
