import { resolve } from "node:path";
import { ErthError, isErrorCode } from "../../errors.ts";
import type { CommandOptions, Config } from "../config/config.ts";
import { readDownload, shownUrl } from "../models/transfer/target.ts";
import { isPreset, readEndpoint } from "../models/endpoints/target.ts";
import type { DownloadReport } from "../models/transfer/downloads.ts";
import { partsOf } from "../models/files/files.ts";
import type { ModelsReport } from "../models/report.ts";
import { modelsText } from "../screens/models/screen.ts";
import { downloadWords, stateWords } from "../screens/models/words.ts";
import { print, printJson, sayProgress } from "./print.ts";
import { askSecret } from "./secret.ts";
import { Session } from "./session.ts";
import { readStandardInput } from "./standard_input.ts";

type Options = Config & CommandOptions;
/** What is done once there is somebody to ask; what it prints, as words. */
type Action = (session: Session) => Promise<string>;
/** Understands the rest of the command, before anything is started or changed. */
type Verb = (config: Options, words: string[]) => Action | Promise<Action>;

const LOOK_MS = 250;

const VERBS: Record<string, Verb> = {
  list: (_, words) => {
    only("list", words, 0);
    return async (session) => {
      return modelsText(await session.ask<ModelsReport>("GET", "models?wait")).trimEnd();
    };
  },
  add: (_, words) => {
    const path = resolve(only("add", words, 1));
    return async (session) => {
      const { models } = await give(session, "add", { path });
      const added = models.find(({ file }) => file?.path === path);
      return `Added, and used where it lies: ${added?.ref ?? path}`;
    };
  },
  use: (_, words) => {
    const word = only("use", words, 1);
    return async (session) => {
      const ref = word === "none" || word === "quote" ? "quote" : await find(session, word);
      await give(session, "use", { ref });
      return ref === "quote" ? "No model is used now." : `${ref} answers from now on.`;
    };
  },
  remove: (_, words) => {
    const word = only("remove", words, 1);
    return async (session) => {
      const ref = await find(session, word);
      const { models } = await report(session);
      const own = models.find((it) => it.ref === ref)?.file?.own;
      await give(session, "remove", { ref });
      return own ? `${ref} is deleted.` : `${ref} is off the list. Its file stays where it is.`;
    };
  },
  load: (config, words) => {
    const word = only("load", words, 1);
    return async (session) => await load(session, config, await find(session, word));
  },
  unload: (_, words) => {
    only("unload", words, 0);
    return async (session) => {
      await give(session, "unload", {});
      return "No model is loaded.";
    };
  },
  pull: (config, words) => {
    const { url, sha256 } = readDownload(only("pull", words, 1), config.sha256);
    return (session) => pull(session, config, url, sha256);
  },
  endpoint: (config, words) => endpoint(config, words),
};

/** `erth model add|list|use|remove|load|unload|pull|endpoint`. */
export async function model(config: Options): Promise<number> {
  const [name = "", ...words] = config.words;
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (verb === undefined) {
    const known = Object.keys(VERBS).join(", ");
    throw new ErthError("USAGE", `Cannot '${name}' a model: ${known}`);
  }
  const action = await verb(config, words);
  const session = await Session.open(config);
  try {
    const said = await action(session);
    if (config.json) printJson(await report(session));
    else print(said);
  } finally {
    await session.close();
  }
  return 0;
}

async function endpoint(config: Options, [verb = "", ...words]: string[]): Promise<Action> {
  if (verb === "remove") {
    const id = only("remove", words, 1);
    return async (session) => {
      await give(session, "endpoint/remove", { id });
      return `${id} is forgotten, with its key.`;
    };
  }
  if (verb !== "add") throw new ErthError("USAGE", `Cannot '${verb}' an endpoint: add or remove`);
  const word = only("add", words, 1);
  const { force, name: title } = config.remote;
  const wish = isPreset(word) ? { preset: word } : { url: word };
  const { url } = readEndpoint({ ...wish, force });
  const { model } = config;
  const key = await keyFor(config, url);
  return async (session) => {
    const { endpoints } = await give(session, "endpoint", { ...wish, title, key, model, force });
    const added = endpoints.find((it) => it.url === url);
    const refs = added?.models.map(({ name }) => `  ${added.id}/${name}`) ?? [];
    return [`Connected to ${url}. Models there:`, ...refs.length ? refs : ["  none"]].join("\n");
  };
}

async function keyFor({ interactive, keyStdin }: Options, url: string): Promise<string> {
  if (keyStdin) return (await readStandardInput()).trim();
  const needs = url.startsWith("https:");
  return needs && interactive ? await askSecret(`Key for ${url} (empty if it needs none): `) : "";
}

/** Downloads with progress on standard error; what has come is kept if that fails. */
async function pull(session: Session, config: Options, url: string, sha256: string) {
  const froms = partsOf(shownUrl(url));
  let known = await give(session, "pull", { url, sha256 });
  let name: string | undefined;
  for (;; known = await report(session)) {
    const downloads = known.downloads.filter(({ from }) => froms.includes(from));
    const download = downloads.find(({ phase }) => phase === "failed") ?? downloads[0];
    if (download === undefined) break;
    name ??= download.name;
    progress(config, download);
    if (download.phase === "failed") {
      const { code, detail } = download;
      throw new ErthError(isErrorCode(code) ? code : "MODEL_DOWNLOAD", detail);
    }
    if (download.phase === "paused") throw new ErthError("MODEL_DOWNLOAD", "It was cancelled");
    await soon();
  }
  // One that was so quick that it was never seen has the name that its address gives it.
  const ref = `local/${name ?? readDownload(url).name}`;
  if (!known.models.some((model) => model.ref === ref)) {
    throw new ErthError("MODEL_DOWNLOAD", "It was cancelled");
  }
  return `Downloaded: ${ref}`;
}

async function load(session: Session, config: Options, ref: string): Promise<string> {
  for (let known = await give(session, "load", { ref });; known = await report(session)) {
    const model = known.models.find((it) => it.ref === ref);
    if (model === undefined) throw new ErthError("MODEL_NOT_FOUND", ref);
    if (model.state === "ready") return `${ref}: ${stateWords(model)}`;
    if (model.state !== "loading") {
      throw new ErthError(isErrorCode(model.code) ? model.code : "INTERNAL", model.detail);
    }
    sayProgress(stateWords(model), config.interactive);
    await soon();
  }
}

let shown = "";
/** Says how far a download is; where nobody watches, at each tenth of the way. */
function progress(config: Options, download: DownloadReport): void {
  const { done, phase, total } = download;
  const tenth = total === undefined ? "" : Math.floor(10 * done / total);
  const now = `${phase} ${tenth}`;
  if (!config.interactive && now === shown) return;
  shown = now;
  sayProgress(downloadWords(download), config.interactive);
}

/** A model by its reference, or by what it is called if that is plain. */
async function find(session: Session, word: string): Promise<string> {
  const { models } = await report(session);
  const found = models.filter(({ ref, title }) => ref === word || title === word);
  if (found.length === 1) return found[0]!.ref;
  const exact = found.find(({ ref }) => ref === word);
  if (exact !== undefined) return exact.ref;
  const refs = models.map(({ ref }) => ref).join(", ") || "none";
  throw new ErthError("MODEL_NOT_FOUND", `'${word}' names ${found.length}; there are: ${refs}`);
}

function only(verb: string, words: string[], count: number): string {
  if (words.length === count) return words[0] ?? "";
  const wrong = words.length < count ? "something is missing" : "there is a word too many";
  throw new ErthError("USAGE", `Cannot ${verb} as ${wrong}`);
}

async function report(session: Session): Promise<ModelsReport> {
  return await session.ask<ModelsReport>("GET", "models");
}

async function give(session: Session, command: string, fields: unknown): Promise<ModelsReport> {
  return await session.ask<ModelsReport>("POST", `shell/models/${command}`, fields);
}

function soon(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}
