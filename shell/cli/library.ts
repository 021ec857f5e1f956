import { delay } from "@std/async/delay";
import { resolve } from "node:path";
import { ErthError, isErrorCode } from "../../errors.ts";
import type { CommandOptions, Config } from "../config/config.ts";
import { Session } from "./session.ts";
import { oneLine } from "../presentation/plain_text.ts";
import { print, printJson, say } from "./print.ts";

/** A file of the Library, as `GET library` lists it. */
interface File {
  id: string;
  name: string;
  bytes: number;
  /** 0 without pages. */
  pages: number;
  state: "waiting" | "reading" | "ready" | "failed";
  /** Why it failed, or what is missing of one that is ready. */
  code: string | null;
  detail: string | null;
  created_at: string;
}

/** What became of one path. */
type Outcome = { path: string } & (File | { state: "refused"; code: string; detail: string });

type Verb = (session: Session, config: Config & CommandOptions, words: string[]) => Promise<number>;

const VERBS: Record<string, Verb> = { add, list, show, remove };
const LOOK_MS = 100;

/** `erth library add|list|show|remove`. */
export async function library(config: Config & CommandOptions): Promise<number> {
  const [name = "", ...words] = config.words;
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (verb === undefined) {
    throw new ErthError("USAGE", `Cannot '${name}' the library: add, list, show or remove`);
  }
  if (name !== "list" && words.length === 0) {
    const missing = name === "add" ? "file is" : "file's id is";
    throw new ErthError("USAGE", `Cannot ${name} as the ${missing} missing`);
  }
  const session = await Session.open(config);
  try {
    return await verb(session, config, words);
  } finally {
    await session.close();
  }
}

/** Takes files in, waits until each is read, and says what became of it. */
async function add(session: Session, config: Config & CommandOptions, paths: string[]) {
  const taken: Outcome[] = [];
  for (const path of paths) taken.push(await take(session, path, config.thread));
  const outcomes: Outcome[] = [];
  for (const one of taken) {
    const outcome = one.state === "refused"
      ? one
      : { ...await read(session, one.id), path: one.path };
    outcomes.push(outcome);
    if (!config.json) tell(outcome);
  }
  if (config.json) printJson({ files: outcomes });
  const wrong = outcomes.find(({ state }) => state !== "ready");
  return wrong === undefined ? 0 : new ErthError(codeOf(wrong.code)).exit;
}

async function take(session: Session, path: string, thread?: string): Promise<Outcome> {
  const body = { path: resolve(path), ...thread === undefined ? {} : { thread } };
  const accept = { accept: "application/json" };
  const response = await session.fetch("POST", "library", accept, body);
  const answer = await response.json();
  if (response.ok) return { path, ...answer, state: "waiting" };
  const { code, message } = answer.error;
  return { path, state: "refused", code: codeOf(code), detail: String(message) };
}

/** The file once its reading has ended, well or not. */
async function read(session: Session, id: string): Promise<File> {
  for (;;) {
    const { text: _text, ...file } = await session.ask<File & { text: string }>(
      "GET",
      `library/${id}`,
    );
    if (file.state === "ready" || file.state === "failed") return file;
    await delay(LOOK_MS);
  }
}

async function list(session: Session, config: Config, words: string[]) {
  const files: File[] = [];
  for (let page = 0;; page++) {
    const wanted = new URLSearchParams({ q: words.join(" "), page: `${page}` });
    const answer = await session.ask<{ files: File[]; total: number }>("GET", `library?${wanted}`);
    files.push(...answer.files);
    if (answer.files.length === 0 || files.length >= answer.total) break;
  }
  if (config.json) printJson({ files, total: files.length });
  else if (files.length === 0) print("No files yet.");
  else for (const file of files) print(line(file));
  return 0;
}

/** Prints the text of a file. */
async function show(session: Session, config: Config, [id = "", ...more]: string[]) {
  if (more.length > 0) throw new ErthError("USAGE", "Cannot show as there is a word too many");
  const file = await session.ask<File & { text: string }>(
    "GET",
    `library/${encodeURIComponent(id)}`,
  );
  if (config.json) printJson(file);
  else print(`${oneLine(file.name)}\n\n${file.text}`);
  return 0;
}

async function remove(session: Session, config: Config, ids: string[]) {
  for (const id of ids) {
    await session.ask("POST", `library/${encodeURIComponent(id)}/delete`, {});
  }
  if (config.json) printJson({ ids, deleted: true });
  else print("Deleted.");
  return 0;
}

function tell(outcome: Outcome): void {
  const path = oneLine(outcome.path);
  const code = outcome.code === null ? "" : ` [${outcome.code}]`;
  if (outcome.state === "ready") {
    const part = outcome.code === null
      ? ""
      : `\n  Only part of it: ${oneLine(outcome.detail ?? "")}${code}`;
    return print(`Ready: ${outcome.id}  ${path}${part}`);
  }
  const error = new ErthError(codeOf(outcome.code));
  const why = outcome.state === "refused"
    ? outcome.detail
    : `${error.message} ${outcome.detail ?? ""}`;
  say(`Not read: ${path}: ${oneLine(why)}${code}\n  ${error.hint}`);
}

function line({ id, created_at, state, name }: File): string {
  const when = created_at.slice(0, 16).replace("T", " ");
  return `${id}  ${when}  ${state === "ready" ? "" : `(${state}) `}${oneLine(name)}`;
}

function codeOf(code: unknown) {
  return isErrorCode(code) ? code : "INTERNAL";
}
