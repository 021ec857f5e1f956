import { ErthError } from "../../errors.ts";
import type { CommandOptions, Config } from "../config/config.ts";
import { Session } from "./session.ts";
import { oneLine } from "../presentation/plain_text.ts";
import { print, printJson } from "./print.ts";
import { readStandardInput } from "./standard_input.ts";

interface Note {
  id: string;
  title: string;
  tags: string[];
  pinned: boolean;
  updated_at: string;
  snippet?: string;
  body?: string;
}

type Verb = (session: Session, config: Config & CommandOptions, words: string) => Promise<void>;

const VERBS: Record<string, Verb> = { add, list, search, show, delete: remove };

/** `erth note add|list|search|show|delete`. */
export async function note(config: Config & CommandOptions): Promise<number> {
  const [name = "", ...words] = config.words;
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (verb === undefined) {
    throw new ErthError("USAGE", `Cannot '${name}' a note: add, list, search, show or delete`);
  }
  if (!["add", "list"].includes(name) && words.length === 0) {
    throw new ErthError("USAGE", `Cannot ${name} as the ${WANTED[name]} is missing`);
  }
  const text = name === "add" ? await noteText(config, words) : words.join(" ");
  const session = await Session.open(config);
  try {
    await verb(session, config, text);
  } finally {
    await session.close();
  }
  return 0;
}

const WANTED: Record<string, string> = {
  search: "text to search for",
  show: "note's id",
  delete: "note's id",
};

/** The words of the command, or standard input if something is piped in. */
async function noteText(config: Config, words: string[]): Promise<string> {
  const given = words.join(" ");
  if (given !== "" && given !== "-") return given;
  if (config.interactive) throw new ErthError("USAGE", "Cannot add as the text is missing");
  const piped = await readStandardInput();
  if (piped.trim() === "") throw new ErthError("USAGE", "Cannot add as the text is empty");
  return piped;
}

async function add(session: Session, config: Config & CommandOptions, text: string) {
  const { id } = await session.ask<{ id: string }>("POST", "notes", {
    title: config.title ?? "",
    body: text,
    tags: config.tags ?? "",
  });
  if (config.json) printJson({ id });
  else print(`Saved here: ${id}`);
}

async function list(session: Session, config: Config & CommandOptions, query: string) {
  const notes: Note[] = [];
  for (let page = 0;; page++) {
    const wanted = new URLSearchParams({ q: query, tag: config.tags ?? "", page: `${page}` });
    const answer = await session.ask<{ notes: Note[]; total: number }>("GET", `notes?${wanted}`);
    notes.push(...answer.notes);
    if (answer.notes.length === 0 || notes.length >= answer.total) break;
  }
  if (config.json) return printJson({ notes, total: notes.length });
  for (const found of notes) print(line(found));
  if (notes.length === 0) print(query ? "No note has that." : "No notes yet.");
}

async function search(session: Session, config: Config & CommandOptions, query: string) {
  await list(session, config, query);
}

async function show(session: Session, config: Config, id: string) {
  const found = await session.ask<Note>("GET", `notes/${encodeURIComponent(id)}`);
  if (config.json) return printJson(found);
  print(`${titled(found)}\n${tagged(found)}\n${found.body}`);
}

async function remove(session: Session, config: Config, id: string) {
  await session.ask("POST", `notes/${encodeURIComponent(id)}/delete`, {});
  if (config.json) printJson({ id, deleted: true });
  else print("Deleted.");
}

function line(found: Note): string {
  const when = found.updated_at.slice(0, 16).replace("T", " ");
  return `${found.id}  ${when}  ${found.pinned ? "* " : ""}${titled(found)}`;
}

function titled({ title }: Note): string {
  return oneLine(title) || "Untitled";
}

function tagged(found: Note): string {
  return found.tags.map((tag) => `#${oneLine(tag)} `).join("");
}
