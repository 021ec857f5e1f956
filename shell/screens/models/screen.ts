import { escape } from "@std/html/entities";
import type { ErthError } from "../../../errors.ts";
import { inWords } from "../../models/settings/names.ts";
import type { ModelReport, ModelsReport } from "../../models/report.ts";
import { downloadList, endpointSection, modelCard } from "./cards.ts";
import { addSection, connectSection, type Given, post } from "./forms.ts";
import { modelsWords, stateWords } from "./words.ts";

/** What a person did just now that the screen answers. */
export interface ModelsNote {
  /** What kept a command from being done. */
  error?: ErthError;
  /** What was given, to be mended. Never a key. */
  given?: Given;
  /** A model that was removed, to be had back. */
  removed?: { ref: string; title: string; own: boolean };
  /** Takes the toast of that away again. */
  restored?: string;
}

/** What the screen needs. */
export interface ModelsScreenOptions {
  models: {
    report(): ModelsReport;
    /** Looks again which models there are; `wait`: also at servers that are slow to tell. */
    look(wait: boolean): Promise<void>;
  };
  /** The app's. */
  title: string;
}

/**
 * Answers `GET models` as fragment, JSON or text, whichever the request accepts. With `?wait` it
 * waits until endpoints have told how they stand.
 */
export function modelsScreen({ models, title }: ModelsScreenOptions) {
  return async ({ headers, url }: Request): Promise<Response> => {
    await models.look(new URL(url).searchParams.has("wait"));
    const report = models.report();
    const accept = headers.get("accept") ?? "";
    if (accept.includes("application/json")) return Response.json(report);
    const [body, type] = accept.includes("text/plain")
      ? [modelsText(report), "plain"]
      : [modelsFragment(report, title), "html"];
    return new Response(body, { headers: { "content-type": `text/${type}; charset=utf-8` } });
  };
}

/** The list as text for a terminal. */
export function modelsText(report: ModelsReport): string {
  const { headline, more } = modelsWords(report);
  const lines = [[headline, more].filter(Boolean).join(" ")];
  for (const model of report.models) {
    const mark = model.ref === report.default ? "*" : " ";
    lines.push(`${mark} ${model.ref}  ${model.where}  ${stateWords(model)}`);
  }
  for (const { code, id, title, url } of report.endpoints) {
    lines.push(`  ${id}: ${title}, ${url}${code ? ` [${code}]` : ""}`);
  }
  for (const { done, id, phase, total } of report.downloads) {
    lines.push(`  ${id}: ${phase}, ${inWords(done)}${total ? ` of ${inWords(total)}` : ""}`);
  }
  return `${lines.join("\n")}\n`;
}

/** The whole screen. */
export function modelsFragment(report: ModelsReport, title: string, note: ModelsNote = {}): string {
  const files = report.models.filter(({ file }) => file !== undefined);
  const nothing = report.models.length + report.endpoints.length + report.downloads.length === 0;
  return `<title>Models · ${escape(title)}</title>
<section id="main" class="wide" tabindex="-1" aria-labelledby="models-title">
<div class="pane models" hx-get="models" hx-target="#screen" hx-swap="innerMorph" \
hx-trigger="erth:models from:body" hx-indicator="this">
<header class="bar"><h1 id="models-title">Models</h1></header>
${health(report)}${failure(note)}${nothing ? begin(report) : ""}
${downloadList(report.downloads)}${fileList(files, report)}
${report.endpoints.map((endpoint) => endpointSection(endpoint, report)).join("")}
${addSection(note.given)}${connectSection(report, note.given)}
</div></section>${toast(note)}`;
}

function health(report: ModelsReport): string {
  const { code, headline, more, state } = modelsWords(report);
  const lines = [
    `<p>${escape(headline)}</p>`,
    more && `<p class="seen">${escape(more)}</p>`,
    code && `<p class="code">${escape(code)}</p>`,
  ];
  const quit = report.default === null
    ? ""
    : `<button class="button" name="ref" value="quote" ${post("use")}>Use none</button>`;
  return `<div class="health" data-state="${state}"><span class="dot" data-state="${state}"></span>\
<div role="status">${lines.filter(Boolean).join("")}</div>${quit}</div>\n`;
}

function failure({ error }: ModelsNote): string {
  if (error === undefined) return "";
  const { code, detail, hint, message } = error;
  const seen = detail === "" || code === "INTERNAL" ? "" : `<p class="seen">${escape(detail)}</p>`;
  return `<div class="error" role="alert" data-code="${code}">` +
    `<p><strong>${escape(message)}</strong></p><p>${escape(hint)}</p>${seen}` +
    `<p class="code">${code}</p></div>\n`;
}

/** What to do first. */
function begin({ memory }: ModelsReport): string {
  const gigabytes = memory.total / 1e9;
  const size = gigabytes < 6
    ? "1 to 2"
    : gigabytes < 12
    ? "3 to 4"
    : gigabytes < 24
    ? "7 to 9"
    : "8 to 14";
  return `<section class="begin"><h2>An assistant of your own</h2>
<p>With a model, questions are answered in whole sentences, from your notes and files. Drop a GGUF \
file anywhere in this window, or connect Ollama or LM Studio if you run one of them.</p>
<p>This computer has ${inWords(memory.total)} of memory: a model with ${size} billion parameters \
as a 4-bit file (its name has Q4 in it) suits it.</p></section>\n`;
}

function fileList(files: ModelReport[], report: ModelsReport): string {
  if (files.length === 0) return "";
  const { available, total, used } = report.memory;
  const taken = used > 0 ? ` Models take ${inWords(used)}.` : "";
  return `<section><h2>On this computer</h2>
<ul class="cards">${files.map((model) => modelCard(model, report)).join("")}</ul>
<p class="under">${inWords(available)} of ${inWords(total)} of memory are free.${taken}</p>
</section>\n`;
}

function toast({ removed, restored }: ModelsNote): string {
  if (restored !== undefined) {
    return `<div id="toast-${markOf(restored)}" hx-swap-oob="delete"></div>`;
  }
  if (removed === undefined) return "";
  const { own, ref, title } = removed;
  const words = own ? "is deleted." : "is off the list. Its file stays where it is.";
  return `<hx-partial hx-target="#toasts" hx-swap="beforeend"><div class="toast" \
id="toast-${markOf(ref)}">“${escape(title)}” ${words}<button name="ref" value="${escape(ref)}" \
${post("restore")}>Undo</button></div></hx-partial>`;
}

/** A reference as part of an element's id. */
function markOf(ref: string): string {
  return encodeURIComponent(ref).replaceAll(/[^\w-]/g, "_");
}
