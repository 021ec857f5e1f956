import { escape } from "@std/html/entities";
import type { DownloadReport } from "../../models/transfer/downloads.ts";
import type { EndpointReport } from "../../models/endpoints/endpoints.ts";
import type { ModelReport, ModelsReport } from "../../models/report.ts";
import { post, settingsForm } from "./forms.ts";
import { fileWords, fitWords } from "./file.ts";
import { downloadWords, problem, stateWords } from "./words.ts";

/** One model of this computer. */
export function modelCard(model: ModelReport, report: ModelsReport): string {
  const { file, ref, state, title } = model;
  if (file === undefined) return "";
  const used = ref === report.default;
  const tight = !file.fits && state === "idle" &&
    `<p class="seen">It is too large for the memory that is free.</p>`;
  const fit = state === "idle" && fitWords(model);
  const lines = [
    `<p class="what">${escape(fileWords(file))}</p>`,
    `<p class="how" data-state="${state}"><span class="dot" data-state="${DOTS[state]}"></span>` +
    `<span>${escape(stateWords(model))}</span></p>`,
    state === "loading" && bar(model.progress, `Loading ${title}`),
    tight || fit && `<p class="seen">${escape(fit)}</p>`,
    `<p class="seen path">${escape(file.path)}</p>`,
  ];
  return `<li class="card" id="${idOf(ref)}"><header><h3>${escape(title)}</h3>${
    used ? `<span class="chip">Used</span>` : ""
  }<div class="tools">${buttons(model, used)}</div></header>
${lines.filter(Boolean).join("")}${isUsable(model) ? settingsForm(model) : ""}</li>`;
}

/** Downloads that aren't finished. */
export function downloadList(downloads: readonly DownloadReport[]): string {
  if (downloads.length === 0) return "";
  const items = downloads.map((report) => {
    const { code, done, from, id, name, phase, total } = report;
    const name_ = escape(name);
    const again = phase === "failed" || phase === "paused"
      ? `<button class="button" name="id" value="${escape(id)}" ${post("resume")}>${
        phase === "failed" ? "Try again" : "Go on"
      }<span class="sr"> with ${name_}</span></button>`
      : "";
    const shown = total === undefined ? undefined : done / Math.max(1, total);
    return `<li class="card" id="${idOf(`download/${id}`)}"><header><h3>${name_}</h3>\
<div class="tools">${again}<button class="button" name="id" value="${escape(id)}" \
${post("cancel")}>Cancel<span class="sr"> the download of ${name_}</span></button></div></header>
<p class="what">From ${escape(from)}</p>
${phase === "failed" ? "" : bar(shown, `Download of ${name}`)}
<p class="how" data-state="${phase}"><span>${escape(downloadWords(report))}</span></p>${
      code === undefined ? "" : `<p class="code">${escape(code)}</p>`
    }</li>`;
  });
  return `<section><h2>Downloads</h2><ul class="cards">${items.join("")}</ul></section>\n`;
}

/** A server of models that was set up. */
export function endpointSection(endpoint: EndpointReport, report: ModelsReport): string {
  const { code, id, leaves, models, title, url } = endpoint;
  const name = escape(title);
  const trouble = code === undefined
    ? ""
    : `<p class="how" data-state="failed"><span class="dot" data-state="broken"></span><span>${
      escape(problem(endpoint))
    }</span></p>`;
  const rows = report.models.filter(({ ref }) => ref.startsWith(`${id}/`))
    .map((model) => offered(model, report));
  const none = code === undefined && models.length === 0
    ? `<p class="seen">It offers no model yet.</p>`
    : "";
  const goes = leaves
    ? "What is asked there leaves this computer: the question, the conversation before it, and the passages found."
    : "It runs on this computer.";
  return `<section><h2>${name}</h2><div class="card" id="${idOf(`endpoint/${id}`)}">
<header><p class="what path">${escape(url)}</p><div class="tools">\
<button class="button" ${post("refresh")}>Look again<span class="sr"> at ${name}</span></button>\
<button class="button" name="id" value="${escape(id)}" ${post("endpoint/remove")}>Remove\
<span class="sr"> ${name}</span></button></div></header>
<p class="seen">${goes}</p>${trouble}${none}${
    rows.length > 0 ? `<ul class="offered">${rows.join("")}</ul>` : ""
  }</div></section>\n`;
}

function offered(model: ModelReport, report: ModelsReport): string {
  const { ref, settings, title } = model;
  const used = ref === report.default;
  const name = escape(title);
  const set = used || Object.keys(settings).length > 0 ? settingsForm(model) : "";
  const side = used
    ? `<span class="chip">Used</span>`
    : `<button class="button" name="ref" value="${escape(ref)}" ${post("use")}>Use\
<span class="sr"> ${name}</span></button>`;
  return `<li id="${idOf(ref)}"><div class="row"><span>${name}</span>${side}</div>${set}</li>`;
}

/** Whether it makes sense to try: what its head refuses, trying doesn't mend. */
function isUsable({ file, state }: ModelReport): boolean {
  return state !== "failed" || file?.architecture !== undefined;
}

function buttons(model: ModelReport, used: boolean): string {
  const { ref, state, title } = model;
  const button = (command: string, words: string) =>
    `<button class="button" name="ref" value="${escape(ref)}" ${post(command)}>${words}` +
    `<span class="sr"> ${escape(title)}</span></button>`;
  const load = {
    idle: button("load", "Load"),
    loading: button("unload", "Cancel"),
    ready: button("unload", "Unload"),
    failed: button("load", "Try again"),
  }[state];
  const use = used ? "" : button("use", "Use");
  return (isUsable(model) ? use + load : "") + button("remove", "Remove");
}

function bar(done: number | undefined, label: string): string {
  const value = done === undefined ? "" : ` max="1000" value="${Math.floor(done * 1000)}"`;
  return `<progress${value} aria-label="${escape(label)}"></progress>`;
}

/** Of what keeps its place and its open settings when the screen is fetched anew. */
function idOf(ref: string): string {
  return `m-${encodeURIComponent(ref).replaceAll(/[^\w-]/g, "_")}`;
}

const DOTS = { ready: "ready", loading: "starting", idle: "off", failed: "broken" } as const;
