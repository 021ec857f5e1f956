import { escape } from "@std/html/entities";
import type { SidecarReport, SidecarState } from "../../sidecar/health.ts";
import type { MirrorReport } from "../../mirror/report.ts";
import type { ModelsReport } from "../../models/report.ts";
import { mirrorWords } from "../mirror/words.ts";
import { modelsWords } from "../models/words.ts";
import { whereTo } from "./where_to.ts";

const TEXT = { "content-type": "text/plain; charset=utf-8" };
const SHOWN_LINES = 100;

/** What the Status screen, `erth status` and a report show. */
export interface StatusReport {
  /** The app's, as in its `app.json`. */
  name: string;
  title: string;
  version: string;
  versions: Record<string, string>;
  pid: number;
  /** Seconds since the start. */
  uptime: number;
  sidecar: SidecarReport;
  mirror: MirrorReport;
  /** Undefined for an app without models. */
  models?: ModelsReport;
  database: { path: string; bytes: number };
  folders: { data: string; cache: string; logs: string; portable: boolean };
  /** What a person should know of the folders. */
  notices: readonly string[];
  /** The last lines of the log, oldest first. */
  log: readonly string[];
}

/** Answers `GET status` as fragment, JSON or text, whichever the request accepts. */
export function statusScreen(report: () => StatusReport): (request: Request) => Response {
  return ({ headers }) => {
    const accept = headers.get("accept") ?? "";
    if (accept.includes("application/json")) return Response.json(report());
    if (accept.includes("text/plain")) return new Response(statusText(report()), { headers: TEXT });
    const target = headers.get("hx-target")?.replace(/^.*#/, "") ?? "";
    const fragment = FRAGMENTS[target] ?? screenFragment;
    return new Response(fragment(report()), {
      headers: { "content-type": "text/html; charset=utf-8" },
    });
  };
}

/** Answers `GET status.txt`: the report as a file to save. */
export function statusFile(report: () => StatusReport): () => Response {
  return () => {
    const known = report();
    const disposition = `attachment; filename="${known.name}-status.txt"`;
    const headers = { ...TEXT, "content-disposition": disposition };
    return new Response(statusText(known), { headers });
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
  const { sidecar, database, folders, mirror, models } = report;
  const since = sidecar.uptime === undefined ? "" : `, up ${duration(sidecar.uptime)}`;
  const parts = Object.entries(report.versions).map(([name, version]) => `${name} ${version}`);
  return [
    [report.title, `${report.version}, process ${report.pid}, up ${duration(report.uptime)}`],
    ["Sidecar", `${sidecar.state}, generation ${sidecar.generation}${since}`],
    ...(sidecar.cause ? [["Stopped because", sidecar.cause] as [string, string]] : []),
    ["Database", `${database.path} (${size(database.bytes)})`],
    ["Data", folders.data + (folders.portable ? " (portable)" : "")],
    ["Cache", folders.cache],
    ["Logs", folders.logs],
    ...report.notices.map((notice) => ["Note", notice] as [string, string]),
    ["Mirror", mirrorWords(mirror).headline],
    ...(models ? [["Model", modelsWords(models).headline] as [string, string]] : []),
    ["Leaves this computer", leaving(report)],
    ["Made of", parts.join(", ")],
  ];
}

function leaving(report: StatusReport): string {
  const places = whereTo(report).filter(({ leaves }) => leaves);
  return places.map(({ what, where }) => `${what} → ${where}`).join("; ") || "nothing";
}

/** Parts of the frame that ask for themselves alone, by their id. */
const FRAGMENTS: Record<string, (report: StatusReport) => string> = {
  dots: dotsFragment,
  progress: ({ sidecar }) => progress(sidecar) || "Still working …",
};

function dotsFragment({ sidecar, mirror, models }: StatusReport): string {
  const title = HEALTH[sidecar.state];
  const { headline, state } = mirrorWords(mirror);
  return `<i class="dot" data-state="${sidecar.state}" title="${title}"></i>` +
    `<i class="dot" data-state="${state}" title="Mirror: ${escape(headline)}"></i>` +
    modelDot(models);
}

function modelDot(models: ModelsReport | undefined): string {
  const { headline, state } = models ? modelsWords(models) : { headline: "", state: "off" };
  return `<i class="dot" data-state="${state}" title="${escape(headline)}"></i>`;
}

function screenFragment(report: StatusReport): string {
  const { sidecar } = report;
  const rows = facts(report).map(([name, value]) =>
    `<div><dt>${escape(name)}</dt><dd>${escape(value)}</dd></div>`
  );
  const restarts = sidecar.restarts.toReversed().map(({ at, reason }) =>
    `<li><time datetime="${at}">${at.slice(11, 19)}</time> ${escape(reason)}</li>`
  );
  return `<title>Status · ${escape(report.title)}</title>
<section id="main" class="wide" tabindex="-1" aria-labelledby="status-title">
<div class="pane" hx-get="status" hx-target="#screen" hx-swap="innerMorph" \
hx-trigger="erth:sidecar from:body, erth:mirror from:body, erth:models from:body, \
erth:status from:body" hx-indicator="this">
<header class="bar"><h1 id="status-title">Status</h1><div class="tools">\
${report.models ? ALSO : ""}\
<a class="button" href="status.txt" download hx-boost="false">Save as text</a></div></header>
<p class="health" data-state="${sidecar.state}" role="status">\
<span class="dot" data-state="${sidecar.state}"></span>${HEALTH[sidecar.state]}${retry(sidecar)}</p>
${progress(sidecar)}<section><h2>What goes where</h2>${places(report)}</section>
<section><h2>Facts</h2><dl class="facts">${rows.join("")}</dl></section>
<section><h2>Restarts</h2>${
    restarts.length
      ? `<ul class="restarts">${restarts.join("")}</ul>`
      : "<p>None since the start.</p>"
  }</section>
<section><h2>Log</h2><pre class="log" tabindex="0" aria-label="Log">${
    escape(report.log.slice(-SHOWN_LINES).join("\n"))
  }</pre></section>
<section><h2>Report to copy</h2><textarea class="report" readonly rows="6" aria-label="Report">${
    escape(statusText(report))
  }</textarea></section>
</div></section>`;
}

function places(report: StatusReport): string {
  const rows = whereTo(report).map(({ what, when, where }) =>
    `<div><dt>${escape(what)}</dt><dd>${escape(where)}${
      when ? `<span class="when">${escape(when)}</span>` : ""
    }</dd></div>`
  );
  return `<dl class="facts places">${rows.join("")}</dl>`;
}

function retry({ state }: SidecarReport): string {
  if (state !== "broken") return "";
  return ` <button class="button" hx-post="shell/retry" hx-swap="none">Retry</button>`;
}

function progress({ state, unpacked }: SidecarReport): string {
  if (state !== "unpacking" || unpacked === undefined) return "";
  const percent = Math.round(unpacked * 100);
  return `Unpacking, once per version: ${percent} % ` +
    `<progress max="100" value="${percent}" aria-label="Unpacking"></progress>`;
}

/** Screens that a phone's rail has no room for. */
const ALSO = `<a class="button narrow" href="models">Models</a>` +
  `<a class="button narrow" href="mirror">Mirror</a>`;

const HEALTH: Record<SidecarState, string> = {
  ready: "Everything runs.",
  starting: "The engine is starting.",
  unpacking: "The engine is being unpacked. This happens once per version.",
  backoff: "The engine is being restarted.",
  broken: "The engine doesn't start. What you wrote is safe.",
  stopped: "Everything is ending.",
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
