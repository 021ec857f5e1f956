import type { ErthError } from "../../../errors.ts";
import type { ModelReport, ModelsReport } from "../../models/report.ts";
import { errorBox } from "../../presentation/error_box.ts";
import { type Html, markup } from "../../presentation/html.ts";
import { oneLine } from "../../presentation/plain_text.ts";
import { bytesInWords } from "../../presentation/words.ts";
import { answer, dot, gives } from "../parts.ts";
import { downloadList, endpointSection, modelCard } from "./cards.ts";
import { addSection, commandButton, connectSection, type Given } from "./forms.ts";
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
  return async (request: Request): Promise<Response> => {
    await models.look(new URL(request.url).searchParams.has("wait"));
    const report = models.report();
    return answer(request, {
      json: () => report,
      text: () => modelsText(report),
      html: () => modelsFragment(report, title),
    });
  };
}

/** The list as text for a terminal. */
export function modelsText(report: ModelsReport): string {
  const { headline, more } = modelsWords(report);
  const lines = [[headline, more].filter((it) => it !== undefined).map(oneLine).join(" ")];
  for (const model of report.models) {
    const mark = model.ref === report.default ? "*" : " ";
    const facts = [model.ref, model.where, stateWords(model)].map(oneLine);
    lines.push(`${mark} ${facts.join("  ")}`);
  }
  for (const { code, id, title, url } of report.endpoints) {
    lines.push(`  ${id}: ${oneLine(title)}, ${oneLine(url)}${code ? ` [${code}]` : ""}`);
  }
  for (const { done, id, phase, total } of report.downloads) {
    const whole = total ? ` of ${bytesInWords(total)}` : "";
    lines.push(`  ${oneLine(id)}: ${phase}, ${bytesInWords(done)}${whole}`);
  }
  return `${lines.join("\n")}\n`;
}

/** The whole screen. */
export function modelsFragment(report: ModelsReport, title: string, note: ModelsNote = {}): Html {
  const { downloads, endpoints, models } = report;
  const files = models.filter(({ file }) => file !== undefined);
  const nothing = models.length + endpoints.length + downloads.length === 0;
  return markup`
    <title>Models · ${title}</title>
    <section id="main" class="wide" tabindex="-1" aria-labelledby="models-title">
      <div class="pane models" hx-get="models" hx-target="#screen" hx-swap="innerMorph"
        hx-trigger="erth:models from:body" hx-indicator="this">
        <header class="bar"><h1 id="models-title">Models</h1></header>
        ${health(report)}
        ${note.error && errorBox(note.error, { seen: true })}
        ${nothing && begin(report)}
        ${downloadList(downloads)}
        ${files.length > 0 && fileList(files, report)}
        ${endpoints.map((endpoint) => endpointSection(endpoint, report))}
        ${addSection(note.given)}
        ${connectSection(report, note.given)}
      </div>
    </section>
    ${toast(note)}
  `;
}

function health(report: ModelsReport): Html {
  const { code, headline, more, state } = modelsWords(report);
  const useNone = commandButton("use", "Use none", "", { ref: "quote" });
  return markup`
    <div class="health" data-state="${state}">
      ${dot(state)}
      <div role="status">
        <p>${headline}</p>
        ${more && markup`<p class="seen">${more}</p>`}
        ${code && markup`<p class="code">${code}</p>`}
      </div>
      ${report.default !== null && useNone}
    </div>
  `;
}

/** What to do first. */
function begin({ memory }: ModelsReport): Html {
  const size = bytesInWords(memory.total);
  return markup`
    <section class="begin">
      <h2>An assistant of your own</h2>
      <p>With a model, questions are answered in whole sentences, from your notes and files. Drop a
        GGUF file anywhere in this window, or connect Ollama or LM Studio if you run one of them.</p>
      <p>This computer has ${size} of memory: a model with ${suiting(memory.total)} billion
        parameters as a 4-bit file (its name has Q4 in it) suits it.</p>
    </section>
  `;
}

/** How many billion parameters a computer with so many bytes of memory can take. */
function suiting(memory: number): string {
  if (memory < 6e9) return "1 to 2";
  if (memory < 12e9) return "3 to 4";
  return memory < 24e9 ? "7 to 9" : "8 to 14";
}

function fileList(files: ModelReport[], report: ModelsReport): Html {
  const { available, total, used } = report.memory;
  const free = `${bytesInWords(available)} of ${bytesInWords(total)}`;
  const taken = used > 0 && ` Models take ${bytesInWords(used)}.`;
  return markup`
    <section>
      <h2>On this computer</h2>
      <ul class="cards">${files.map((model) => modelCard(model, report))}</ul>
      <p class="under">${free} of memory are free.${taken}</p>
    </section>
  `;
}

function toast({ removed, restored }: ModelsNote): Html | undefined {
  if (restored !== undefined) {
    return markup`<div id="toast-${markOf(restored)}" hx-swap-oob="delete"></div>`;
  }
  if (removed === undefined) return undefined;
  const { own, ref, title } = removed;
  const words = own ? "is deleted." : "is off the list. Its file stays where it is.";
  return markup`
    <hx-partial hx-target="#toasts" hx-swap="beforeend">
      <div class="toast" id="toast-${markOf(ref)}">“${title}” ${words}<button name="ref"
        value="${ref}" type="button" ${gives("models/restore")}>Undo</button></div>
    </hx-partial>
  `;
}

/** A reference as part of an element's id. */
function markOf(ref: string): string {
  return encodeURIComponent(ref).replaceAll(/[^\w-]/g, "_");
}
