import type { MirrorReport } from "../../mirror/report.ts";
import type { ModelsReport } from "../../models/report.ts";
import { type Html, markup } from "../../presentation/html.ts";
import { oneLine } from "../../presentation/plain_text.ts";
import { bytesInWords, secondsInWords } from "../../presentation/words.ts";
import type { SidecarReport, SidecarState } from "../../sidecar/health.ts";
import { mirrorWords } from "../mirror/words.ts";
import { modelsWords } from "../models/words.ts";
import { answer, dot, factList, progressBar } from "../parts.ts";
import { whereTo } from "./where_to.ts";

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
  return (request) => {
    const target = request.headers.get("hx-target")?.replace(/^.*#/, "") ?? "";
    const fragment = FRAGMENTS[target] ?? screenFragment;
    return answer(request, {
      json: report,
      text: () => statusText(report()),
      html: () => fragment(report()),
    });
  };
}

/** Answers `GET status.txt`: the report as a file to save. */
export function statusFile(report: () => StatusReport): () => Response {
  return () => {
    const known = report();
    const disposition = `attachment; filename="${known.name}-status.txt"`;
    const type = "text/plain; charset=utf-8";
    const headers = { "content-type": type, "content-disposition": disposition };
    return new Response(statusText(known), { headers });
  };
}

/** The report as text to copy: it names paths and versions, never what was written. */
export function statusText(report: StatusReport): string {
  const rows = facts(report).map(([name, value]) => `${name}: ${oneLine(value)}`);
  const restarts = report.sidecar.restarts.map(({ at, reason }) => `  ${at} ${oneLine(reason)}`);
  return [...rows, "Restarts:", ...(restarts.length ? restarts : ["  none"]), "Log:", ...report.log]
    .join("\n") + "\n";
}

function facts(report: StatusReport): [string, string][] {
  const { sidecar, database, folders, mirror, models } = report;
  const since = sidecar.uptime === undefined ? "" : `, up ${uptimeWords(sidecar.uptime)}`;
  const parts = Object.entries(report.versions).map(([name, version]) => `${name} ${version}`);
  return [
    [report.title, `${report.version}, process ${report.pid}, up ${uptimeWords(report.uptime)}`],
    ["Sidecar", `${sidecar.state}, generation ${sidecar.generation}${since}`],
    ...(sidecar.cause ? [["Stopped because", sidecar.cause] as [string, string]] : []),
    ["Database", `${database.path} (${bytesInWords(database.bytes)})`],
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
const FRAGMENTS: Record<string, (report: StatusReport) => Html> = {
  dots: dotsFragment,
  progress: ({ sidecar }) => progress(sidecar) ?? markup`Still working …`,
};

function dotsFragment({ sidecar, mirror, models }: StatusReport): Html {
  const title = HEALTH[sidecar.state];
  const { headline, state } = mirrorWords(mirror);
  const model = models ? modelsWords(models) : { headline: "", state: "off" };
  const dots = [
    frameDot(sidecar.state, title),
    frameDot(state, `Mirror: ${headline}`),
    frameDot(model.state, model.headline),
  ];
  return markup`${dots}`;
}

function frameDot(state: string, title: string): Html {
  return markup`<i class="dot" data-state="${state}" title="${title}"></i>`;
}

function screenFragment(report: StatusReport): Html {
  const { log, models, sidecar, title } = report;
  const { state } = sidecar;
  return markup`
    <title>Status · ${title}</title>
    <section id="main" class="wide" tabindex="-1" aria-labelledby="status-title">
      <div class="pane" hx-get="status" hx-target="#screen" hx-swap="innerMorph" hx-trigger="${NEWS}"
        hx-indicator="this">
        <header class="bar">
          <h1 id="status-title">Status</h1>
          <div class="tools">${models && ALSO}<a class="button" href="status.txt" download
            hx-boost="false">Save as text</a></div>
        </header>
        <p class="health" data-state="${state}" role="status">${dot(state)}${HEALTH[state]}
          ${state === "broken" && RETRY}</p>
        ${progress(sidecar)}
        <section><h2>What goes where</h2>${places(report)}</section>
        <section><h2>Facts</h2>${factList(facts(report))}</section>
        <section><h2>Restarts</h2>${restartList(sidecar)}</section>
        <section>
          <h2>Log</h2>
          <pre class="log" tabindex="0" aria-label="Log">${log.slice(-SHOWN_LINES).join("\n")}</pre>
        </section>
        <section>
          <h2>Report to copy</h2>
          <textarea class="report" readonly rows="6"
            aria-label="Report">${statusText(report)}</textarea>
        </section>
      </div>
    </section>
  `;
}

/** What the screen is fetched anew at. */
const NEWS = ["sidecar", "mirror", "models", "status"].map((it) => `erth:${it} from:body`).join(
  ", ",
);

function places(report: StatusReport): Html {
  const rows = whereTo(report).map(({ what, when, where }): [string, Html] => {
    return [what, markup`${where}${when && markup`<span class="when">${when}</span>`}`];
  });
  return factList(rows, " places");
}

function restartList({ restarts }: SidecarReport): Html {
  if (restarts.length === 0) return markup`<p>None since the start.</p>`;
  const items = restarts.toReversed().map(({ at, reason }) =>
    markup`<li><time datetime="${at}">${at.slice(11, 19)}</time> ${reason}</li>`
  );
  return markup`<ul class="restarts">${items}</ul>`;
}

function progress({ state, unpacked }: SidecarReport): Html | undefined {
  if (state !== "unpacking" || unpacked === undefined) return undefined;
  const percent = Math.round(unpacked * 100);
  const bar = progressBar("Unpacking", percent, 100);
  return markup`Unpacking, once per version: ${percent} % ${bar}`;
}

const RETRY = markup`
  <button class="button" hx-post="shell/retry" hx-swap="none">Retry</button>
`;

/** Screens that a phone's rail has no room for. */
const ALSO = markup`
  <a class="button narrow" href="models">Models</a><a class="button narrow" href="mirror">Mirror</a>
`;

const HEALTH: Record<SidecarState, string> = {
  ready: "Everything runs.",
  starting: "The engine is starting.",
  unpacking: "The engine is being unpacked. This happens once per version.",
  backoff: "The engine is being restarted.",
  broken: "The engine doesn't start. What you wrote is safe.",
  stopped: "Everything is ending.",
};

function uptimeWords(seconds: number): string {
  return secondsInWords(Math.floor(seconds));
}
