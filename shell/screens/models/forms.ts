import { escape } from "@std/html/entities";
import { PRESETS } from "../../models/endpoints/target.ts";
import type { ModelReport, ModelsReport } from "../../models/report.ts";

/** What a person typed into one of the forms, by field. Never a key. */
export type Given = Readonly<Record<string, string>>;

/** A file from here, or from elsewhere. */
export function addSection(given: Given = {}): string {
  return `<section><h2>Add a model</h2>
<p class="drop"><span>Drop a GGUF file anywhere in this window, or</span>
<label class="button">Choose a file<input class="sr" type="file" accept=".gguf" data-upload></label></p>
<form class="connect" autocomplete="off" ${form("pull")}>
<label><span>Download from an address</span><input name="url" required inputmode="url" \
value="${escape(given.url ?? "")}" placeholder="https://… .gguf" autocapitalize="off" \
spellcheck="false"></label>
<details><summary>Compare a checksum</summary><label><span>SHA-256, if the address has one beside \
it</span><input name="sha256" value="${escape(given.sha256 ?? "")}" autocapitalize="off" \
spellcheck="false"></label></details>
<p><button class="button">Download</button></p></form>
<form class="connect" autocomplete="off" ${form("add")}>
<label><span>Use a file where it lies</span><input name="path" required \
value="${escape(given.path ?? "")}" placeholder="/home/…/model.gguf" autocapitalize="off" \
spellcheck="false"></label>
<p><button class="button">Add</button></p></form></section>\n`;
}

/** Programs that run models already, here or elsewhere. */
export function connectSection({ endpoints }: ModelsReport, given: Given = {}): string {
  const presets = Object.entries(PRESETS)
    .filter(([name, { url }]) => url !== "" && !endpoints.some(({ preset }) => preset === name))
    .map(([name, { title }]) =>
      `<button class="button" name="preset" value="${name}" ${post("endpoint")}>${title}</button>`
    );
  const own = given.endpoint ?? "";
  return `<section><h2>Connect a program that runs models</h2>
${
    presets.length > 0
      ? `<p>On this computer, if it runs:</p><p class="row presets">${presets.join("")}</p>`
      : ""
  }
<details class="other"${own ? " open" : ""}><summary>Another server</summary>
<form class="connect" autocomplete="off" ${form("endpoint")}>
<label><span>Address</span><input name="url" required value="${escape(own)}" inputmode="url" \
placeholder="https://… /v1" autocapitalize="off" spellcheck="false"></label>
<label><span>Key</span><input name="key" type="password" autocomplete="off" \
aria-describedby="key-help"></label>
<p id="key-help" class="under">It is kept in a file that only you can read, and never shown again. \
Leave it empty for a server that needs none.</p>
<label><span>Name</span><input name="title" value="${escape(given.title ?? "")}" maxlength="60">\
</label>
<label><span>Model, if it doesn't list those it has</span><input name="model" \
value="${
    escape(given.model ?? "")
  }" maxlength="200" autocapitalize="off" spellcheck="false"></label>
<p class="under">It has to understand OpenAI's way of asking, as most do. With a server that isn't \
on this computer, questions and the passages found for them leave it.</p>
<p><button class="button">Connect</button></p></form></details></section>\n`;
}

/** What can be set for one model. */
export function settingsForm({ file, ref, settings, title }: ModelReport): string {
  const { context, max_tokens, system = "", temperature, threads, top_p } = settings;
  const plan = file?.plan?.context;
  const fields = [
    number("context", "Context, in tokens", context, 512, 1 << 24, 1, plan && `${plan}, by itself`),
    file && number("threads", "Threads", threads, 1, 512, 1, "by itself"),
    number("temperature", "Temperature", temperature, 0, 2, "any", "as the model has it"),
    number("top_p", "Top-p", top_p, 0, 1, "any", "as the model has it"),
    number("max_tokens", "Longest answer, in tokens", max_tokens, 1, 1 << 20, 1, "no limit"),
  ];
  return `<details class="tuning"><summary>Settings<span class="sr"> of ${
    escape(title)
  }</span></summary>
<form autocomplete="off" ${form("settings")}><input type="hidden" name="ref" \
value="${escape(ref)}"><div class="fields">${fields.filter(Boolean).join("")}</div>
<label><span>What it is always told (system prompt)</span><textarea name="system" rows="3" \
maxlength="20000">${escape(system)}</textarea></label>
<p><button class="button">Save</button> <span class="under">An empty field is left to Erth and the \
model.${
    file ? " Context and threads count from the next load on." : ""
  }</span></p></form></details>`;
}

/** Attributes of a button that gives a command and shows what becomes of it. */
export function post(command: string): string {
  return `type="button" ${form(command)}`;
}

function form(command: string): string {
  return `hx-post="shell/models/${command}" hx-target="#screen" hx-swap="innerMorph" data-here`;
}

function number(
  name: string,
  label: string,
  value: number | undefined,
  least: number,
  most: number,
  step: number | "any",
  otherwise: string | number = "",
): string {
  return `<label><span>${label}</span><input type="number" name="${name}" min="${least}" \
max="${most}" step="${step}" value="${value ?? ""}" placeholder="${otherwise}"></label>`;
}
