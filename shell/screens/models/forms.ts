import { PRESETS } from "../../models/endpoints/target.ts";
import type { ModelReport, ModelsReport } from "../../models/report.ts";
import { type Html, markup } from "../../presentation/html.ts";
import { gives } from "../parts.ts";

/** What a person typed into one of the forms, by field. Never a key. */
export type Given = Readonly<Record<string, string>>;

/** A file from here, or from elsewhere. */
export function addSection(given: Given = {}): Html {
  return markup`
    <section>
      <h2>Add a model</h2>
      <p class="drop">
        <span>Drop a GGUF file anywhere in this window, or</span>
        <label class="button">Choose a file<input class="sr" type="file" accept=".gguf"
          data-upload></label>
      </p>
      <form class="connect" autocomplete="off" ${gives("models/pull")}>
        <label><span>Download from an address</span><input name="url" required inputmode="url"
          value="${given.url}" placeholder="https://… .gguf" ${PLAIN}></label>
        <details>
          <summary>Compare a checksum</summary>
          <label><span>SHA-256, if the address has one beside it</span><input name="sha256"
            value="${given.sha256}" ${PLAIN}></label>
        </details>
        <p><button class="button">Download</button></p>
      </form>
      <form class="connect" autocomplete="off" ${gives("models/add")}>
        <label><span>Use a file where it lies</span><input name="path" required
          value="${given.path}" placeholder="/home/…/model.gguf" ${PLAIN}></label>
        <p><button class="button">Add</button></p>
      </form>
    </section>
  `;
}

/** Programs that run models already, here or elsewhere. */
export function connectSection({ endpoints }: ModelsReport, given: Given = {}): Html {
  const presets = Object.entries(PRESETS)
    .filter(([name, { url }]) => url !== "" && !endpoints.some(({ preset }) => preset === name))
    .map(([preset, { title }]) => commandButton("endpoint", title, "", { preset }));
  return markup`
    <section>
      <h2>Connect a program that runs models</h2>
      ${presets.length > 0 && ON_THIS_COMPUTER}
      ${presets.length > 0 && markup`<p class="row presets">${presets}</p>`}
      <details class="other" ${given.endpoint && "open"}>
        <summary>Another server</summary>
        ${serverForm(given)}
      </details>
    </section>
  `;
}

function serverForm(given: Given): Html {
  return markup`
    <form class="connect" autocomplete="off" ${gives("models/endpoint")}>
      <label><span>Address</span><input name="url" required value="${given.endpoint}"
        inputmode="url" placeholder="https://… /v1" ${PLAIN}></label>
      <label><span>Key</span><input name="key" type="password" autocomplete="off"
        aria-describedby="key-help"></label>
      <p id="key-help" class="under">It is kept in a file that only you can read, and never shown
        again. Leave it empty for a server that needs none.</p>
      <label><span>Name</span><input name="title" value="${given.title}" maxlength="60"></label>
      <label><span>Model, if it doesn't list those it has</span><input name="model"
        value="${given.model}" maxlength="200" ${PLAIN}></label>
      <p class="under">It has to understand OpenAI's way of asking, as most do. With a server that
        isn't on this computer, questions and the passages found for them leave it.</p>
      <p><button class="button">Connect</button></p>
    </form>
  `;
}

/** What can be set for one model. */
export function settingsForm({ file, ref, settings, title }: ModelReport): Html {
  const { context, max_tokens, system, temperature, threads, top_p } = settings;
  const plan = file?.plan?.context;
  const fields = [
    number("context", "Context, in tokens", context, 512, 1 << 24, 1, plan && `${plan}, by itself`),
    file && number("threads", "Threads", threads, 1, 512, 1, "by itself"),
    number("temperature", "Temperature", temperature, 0, 2, "any", "as the model has it"),
    number("top_p", "Top-p", top_p, 0, 1, "any", "as the model has it"),
    number("max_tokens", "Longest answer, in tokens", max_tokens, 1, 1 << 20, 1, "no limit"),
  ];
  return markup`
    <details class="tuning">
      <summary>Settings<span class="sr"> of ${title}</span></summary>
      <form autocomplete="off" ${gives("models/settings")}>
        <input type="hidden" name="ref" value="${ref}">
        <div class="fields">${fields}</div>
        <label><span>What it is always told (system prompt)</span><textarea name="system" rows="3"
          maxlength="20000">${system}</textarea></label>
        <p><button class="button">Save</button> <span class="under">An empty field is left to Erth
          and the model.${file && FROM_NEXT_LOAD}</span></p>
      </form>
    </details>
  `;
}

/**
 * A button that gives a command and shows what becomes of it.
 *
 * @param more Words for those who don't see what stands around it.
 * @param field What the command is about: a name and its value.
 */
export function commandButton(
  command: string,
  words: string,
  more: string,
  field: Readonly<Record<string, string>> = {},
): Html {
  const about = Object.entries(field)
    .map(([name, value]) => markup`name="${name}" value="${value}"`);
  const rest = more !== "" && markup`<span class="sr">${more}</span>`;
  return markup`
    <button class="button" ${about} type="button"
      ${gives(`models/${command}`)}>${words}${rest}</button>
  `;
}

/** Of fields in which no keyboard shall put anything right. */
const PLAIN = markup`autocapitalize="off" spellcheck="false"`;

const ON_THIS_COMPUTER = markup`<p>On this computer, if it runs:</p>`;

const FROM_NEXT_LOAD = " Context and threads count from the next load on.";

function number(
  name: string,
  label: string,
  value: number | undefined,
  least: number,
  most: number,
  step: number | "any",
  otherwise: string | number = "",
): Html {
  return markup`
    <label><span>${label}</span><input type="number" name="${name}" min="${least}" max="${most}"
      step="${step}" value="${value}" placeholder="${otherwise}"></label>
  `;
}
