import { join } from "node:path";
import { parseObject } from "../../process/lines.ts";
import { replacePrivately } from "../../config/private_file.ts";

/** What a person set for one model; what isn't set is left to the machine and the model. */
export interface ModelSettings {
  /** Tokens. */
  context?: number;
  threads?: number;
  temperature?: number;
  top_p?: number;
  /** Tokens of one answer. */
  max_tokens?: number;
  /** The system prompt. */
  system?: string;
}

/** Why a model isn't loaded again by itself. */
export interface Failure {
  code: string;
  detail: string;
  /** Of the file at that time: with another one it is worth a try. */
  stamp: string;
}

/** One of an endpoint's models, as its list last told. */
export interface OfferedModel {
  name: string;
  /** Tokens. */
  context?: number;
}

/** An OpenAI-compatible server that a person set up. */
export interface Endpoint {
  /** The first part of its models' references. */
  id: string;
  title: string;
  preset: string;
  /** With its path, without a slash at the end: `http://127.0.0.1:11434/v1`. */
  url: string;
  /** Empty if it needs none. Never shown again. */
  key: string;
  models: OfferedModel[];
  /** The model to ask for, of a server that doesn't list any. */
  named?: string;
}

/** The engine without a model, as a person's choice. */
export const QUOTE = "quote";

/** What is kept about models. */
export interface AssistantContent {
  /** A reference; null if nobody has chosen yet. */
  default: string | null;
  /** Models that are used where they lie: name → absolute path. */
  paths: Record<string, string>;
  /** By reference. */
  models: Record<string, ModelSettings>;
  /** By reference. */
  failed: Record<string, Failure>;
  endpoints: Endpoint[];
}

/** `assistant.json` in the data folder, mode 0600: the only place where endpoints' keys are kept. */
export class AssistantFile {
  readonly #path: string;
  readonly #onChange: () => void;
  #content: AssistantContent;

  /**
   * @param data The data folder.
   * @param onChange Called after each change.
   */
  constructor(data: string, onChange: () => void = () => {}) {
    this.#path = join(data, "assistant.json");
    this.#onChange = onChange;
    this.#content = read(this.#path);
  }

  /** What is kept. To be changed by `change` alone. */
  get content(): Readonly<AssistantContent> {
    return this.#content;
  }

  /** Changes it, here and on the disk. */
  change(update: (content: AssistantContent) => void): void {
    const draft = structuredClone(this.#content);
    update(draft);
    if (JSON.stringify(draft) === JSON.stringify(this.#content)) return;
    replacePrivately(this.#path, JSON.stringify(draft));
    this.#content = draft;
    this.#onChange();
  }

  /** The model that a person uses; null: none, or the engine without one. */
  get used(): string | null {
    const { default: chosen } = this.#content;
    return chosen === QUOTE ? null : chosen;
  }

  /** What was set for a model. */
  settings(ref: string): ModelSettings {
    return this.#content.models[ref] ?? {};
  }
}

/** What isn't as it should be counts as not there; a file that is no JSON is set aside first. */
function read(path: string): AssistantContent {
  const text = readText(path);
  const found = parseObject(text) ?? {};
  if (parseObject(text) === undefined) setAside(path, text);
  const { default: chosen, endpoints } = found;
  return {
    default: typeof chosen === "string" ? chosen : null,
    paths: pick(found.paths, (path): path is string => typeof path === "string"),
    models: pick(found.models, (it): it is ModelSettings => isObject(it)),
    failed: pick(found.failed, (it): it is Failure => hasTexts(it, "code", "detail", "stamp")),
    endpoints: (Array.isArray(endpoints) ? endpoints : []).filter((it): it is Endpoint =>
      hasTexts(it, "id", "title", "preset", "url", "key") && Array.isArray(it.models) &&
      it.models.every((model) => hasTexts(model, "name"))
    ),
  };
}

function readText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "{}";
  }
}

/** Keys may be in it that a person has nowhere else. */
function setAside(path: string, text: string): void {
  try {
    replacePrivately(`${path}.unreadable`, text);
  } catch {
    // Where this can't be written, the file itself won't be overwritten either.
  }
}

function pick<T>(found: unknown, fits: (value: unknown) => value is T): Record<string, T> {
  if (!isObject(found)) return {};
  return Object.fromEntries(
    Object.entries(found).filter((entry): entry is [string, T] => fits(entry[1])),
  );
}

function hasTexts(value: unknown, ...names: string[]): value is Record<string, unknown> {
  return isObject(value) && names.every((name) => typeof value[name] === "string");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
