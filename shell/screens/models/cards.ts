import type { EndpointReport } from "../../models/endpoints/endpoints.ts";
import type { ModelReport, ModelsReport } from "../../models/report.ts";
import type { DownloadReport } from "../../models/transfer/downloads.ts";
import { type Html, markup } from "../../presentation/html.ts";
import { dot, progressBar } from "../parts.ts";
import { fileWords, fitWords } from "./file.ts";
import { commandButton, settingsForm } from "./forms.ts";
import { downloadWords, problem, stateWords } from "./words.ts";

/** One model of this computer. */
export function modelCard(model: ModelReport, report: ModelsReport): Html | undefined {
  const { file, progress, ref, state, title } = model;
  if (file === undefined) return undefined;
  const used = ref === report.default;
  return markup`
    <li class="card" id="${idOf(ref)}">
      <header>
        <h3>${title}</h3>${used && USED}<div class="tools">${buttons(model, used)}</div>
      </header>
      <p class="what">${fileWords(file)}</p>
      <p class="how" data-state="${state}">${dot(DOTS[state])}<span>${stateWords(model)}</span></p>
      ${state === "loading" && shareBar(`Loading ${title}`, progress)}
      ${state === "idle" && fitLine(model)}
      <p class="seen path">${file.path}</p>
      ${isUsable(model) && settingsForm(model)}
    </li>
  `;
}

/** Downloads that aren't finished. */
export function downloadList(downloads: readonly DownloadReport[]): Html | undefined {
  if (downloads.length === 0) return undefined;
  return markup`
    <section>
      <h2>Downloads</h2>
      <ul class="cards">${downloads.map(downloadCard)}</ul>
    </section>
  `;
}

/** A server of models that was set up. */
export function endpointSection(endpoint: EndpointReport, report: ModelsReport): Html {
  const { code, id, leaves, models, title, url } = endpoint;
  const rows = report.models.filter(({ ref }) => ref.startsWith(`${id}/`))
    .map((model) => offered(model, report));
  const none = code === undefined && models.length === 0;
  return markup`
    <section>
      <h2>${title}</h2>
      <div class="card" id="${idOf(`endpoint/${id}`)}">
        <header>
          <p class="what path">${url}</p>
          <div class="tools">
            ${commandButton("refresh", "Look again", ` at ${title}`)}
            ${commandButton("endpoint/remove", "Remove", ` ${title}`, { id })}
          </div>
        </header>
        <p class="seen">${leaves ? LEAVES : "It runs on this computer."}</p>
        ${code !== undefined && trouble(endpoint)}
        ${none && OFFERS_NONE}
        ${rows.length > 0 && markup`<ul class="offered">${rows}</ul>`}
      </div>
    </section>
  `;
}

function downloadCard(report: DownloadReport): Html {
  const { code, done, from, id, name, phase, total } = report;
  const again = phase === "failed" ? "Try again" : phase === "paused" ? "Go on" : undefined;
  const share = total === undefined ? undefined : done / Math.max(1, total);
  return markup`
    <li class="card" id="${idOf(`download/${id}`)}">
      <header>
        <h3>${name}</h3>
        <div class="tools">
          ${again && commandButton("resume", again, ` with ${name}`, { id })}
          ${commandButton("cancel", "Cancel", ` the download of ${name}`, { id })}
        </div>
      </header>
      <p class="what">From ${from}</p>
      ${phase !== "failed" && shareBar(`Download of ${name}`, share)}
      <p class="how" data-state="${phase}"><span>${downloadWords(report)}</span></p>
      ${code && markup`<p class="code">${code}</p>`}
    </li>
  `;
}

function trouble(endpoint: EndpointReport): Html {
  return markup`
    <p class="how" data-state="failed">${dot("broken")}<span>${problem(endpoint)}</span></p>
  `;
}

function offered(model: ModelReport, report: ModelsReport): Html {
  const { ref, settings, title } = model;
  const used = ref === report.default;
  return markup`
    <li id="${idOf(ref)}">
      <div class="row">
        <span>${title}</span>${used ? USED : commandButton("use", "Use", ` ${title}`, { ref })}
      </div>
      ${(used || Object.keys(settings).length > 0) && settingsForm(model)}
    </li>
  `;
}

function fitLine(model: ModelReport): Html | undefined {
  const words = model.file?.fits ? fitWords(model) : "It is too large for the memory that is free.";
  return words === "" ? undefined : markup`<p class="seen">${words}</p>`;
}

/** Whether it makes sense to try: what its head refuses, trying doesn't mend. */
function isUsable({ file, state }: ModelReport): boolean {
  return state !== "failed" || file?.architecture !== undefined;
}

function buttons(model: ModelReport, used: boolean): Html[] {
  const { ref, state, title } = model;
  const button = (command: string, words: string) =>
    commandButton(command, words, ` ${title}`, { ref });
  const load = {
    idle: () => button("load", "Load"),
    loading: () => button("unload", "Cancel"),
    ready: () => button("unload", "Unload"),
    failed: () => button("load", "Try again"),
  }[state];
  const use = used ? [] : [button("use", "Use")];
  return [...isUsable(model) ? [...use, load()] : [], button("remove", "Remove")];
}

/** @param share From 0 to 1. */
function shareBar(label: string, share: number | undefined): Html {
  return progressBar(label, share === undefined ? undefined : Math.floor(share * 1000), 1000);
}

/** Of what keeps its place and its open settings when the screen is fetched anew. */
function idOf(ref: string): string {
  return `m-${encodeURIComponent(ref).replaceAll(/[^\w-]/g, "_")}`;
}

const DOTS = { ready: "ready", loading: "starting", idle: "off", failed: "broken" } as const;

const USED = markup`<span class="chip">Used</span>`;

const OFFERS_NONE = markup`<p class="seen">It offers no model yet.</p>`;

const LEAVES = "What is asked there leaves this computer: the question, the conversation before " +
  "it, and the passages found.";
