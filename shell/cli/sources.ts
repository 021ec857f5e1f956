import { oneLine } from "../presentation/plain_text.ts";
import type { Answer } from "./answer.ts";

/** A link to a page of Erth in Markdown; where such a link, or its title, may still be growing. */
const LINK = /\[((?:\\.|[^\\\]\n])*)\]\((notes|library|models)(?:\/([\w-]+))?(?:\?[\w=&-]*)?\)/g;
const UNFINISHED = /\[(?:\\.|[^\\\]\n])*(?:\\|\](?:\([\w/?=&-]*)?)?$/;
/** Letters of an unfinished link that are held back at most. */
const LONGEST = 400;

/**
 * Puts a command in place of each link to a page, which nobody can open from a terminal: it takes
 * an answer in pieces, as they come, and hands back what can be shown so far.
 */
export class LinkReader {
  /** Ids of what the links so far led to. */
  readonly shown = new Set<string>();
  readonly #program: string;
  #held = "";

  /** @param program What the program is called. */
  constructor(program: string) {
    this.#program = program;
  }

  /** What can be shown once `piece` has come too. */
  read(piece: string): string {
    const text = this.#held + piece;
    const start = text.match(UNFINISHED)?.index ?? text.length;
    const cut = text.length - start > LONGEST ? text.length : start;
    this.#held = text.slice(cut);
    return this.#replaced(text.slice(0, cut));
  }

  /** What was held back, at the end. */
  rest(): string {
    const rest = this.#replaced(this.#held);
    this.#held = "";
    return rest;
  }

  #replaced(text: string): string {
    return text.replaceAll(LINK, (_link, title: string, place: string, id?: string) => {
      if (id !== undefined) this.shown.add(id);
      return `${title.replaceAll(/\\(.)/g, "$1")} (${commandOf(this.#program, place, id)})`;
    });
  }
}

/**
 * Each source that the text names by a number: the number, the title, and how to read it.
 *
 * @param shown Ids of those that the text led to already: an answer that is whole has links.
 */
export function sourceLines(
  { citations }: Answer,
  program: string,
  shown: ReadonlySet<string>,
): string[] {
  return citations.flatMap(({ file_id, note_id, number, title }) => {
    const id = note_id ?? file_id;
    if (number === undefined || id === undefined || shown.has(id)) return [];
    const place = note_id === undefined ? "library" : "notes";
    return [`[${number}] ${oneLine(title)} (${commandOf(program, place, id)})`];
  });
}

function commandOf(program: string, place: string, id?: string): string {
  if (place === "models") return `${program} model --help`;
  return id === undefined
    ? `${program} ${NOUNS[place]} list`
    : `${program} ${NOUNS[place]} show ${id}`;
}

/** What a command calls that which a page lists. */
const NOUNS: Record<string, string> = { notes: "note", library: "library" };
