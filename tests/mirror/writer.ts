import { assert, assertEquals } from "@std/assert";
import type { Erth } from "../harness.ts";
import type { Dice } from "./operations.ts";
import type { Contents } from "./places.ts";

/** What became of an edit: nobody knows if the program died before it could say. */
type Outcome = "saved" | "refused" | "unknown";

/** A text that was sent, and what was said to it. */
interface Sent {
  text: string;
  outcome: Outcome;
}

/** A note that one device alone writes to: the texts, in their order. */
interface Own {
  id: string;
  texts: Sent[];
  deleted: Outcome | undefined;
}

const MOST_PAUSE_MS = 40;

/** All that people have written on all devices, and what has to come of it. */
export class Ledger {
  readonly created: Sent[] = [];
  readonly asked: Sent[] = [];
  readonly owned: Own[] = [];
  /** Texts of notes that several devices wrote to, each from the same state. */
  readonly shared: (Sent & { id: string })[] = [];

  /** Fails unless each edit that was acknowledged is in `contents` once, and no edit is twice. */
  check({ notes, messages, conflicts }: Contents): void {
    const rows: string[][] = JSON.parse(notes!);
    const byId = new Map(rows.map(([id, title, body, , , , , deleted]) => [
      id!,
      { title, body: body!, deleted },
    ]));
    const titles = rows.map(([, title]) => title!);
    for (const sent of this.created) once(sent, titles);
    const questions = JSON.parse(messages!).map((row: string[]) => row[3]);
    for (const sent of this.asked) once(sent, questions);
    for (const { id, texts, deleted } of this.owned) {
      const note = byId.get(id);
      if (note === undefined) throw new Error(`Note ${id} is gone`);
      const last = texts.findLastIndex(({ outcome }) => outcome === "saved");
      const may = texts.slice(last).map(({ text }) => text);
      assert(may.includes(note.body), `Note ${id} is '${note.body}', none of ${may.join()}`);
      if (deleted === "saved") assert(note.deleted, `Note ${id} is back`);
      if (deleted === undefined) assertEquals(note.deleted, null, `Note ${id} was deleted`);
    }
    const lost: [string, string, string, string][] = JSON.parse(conflicts!);
    for (const { id, ...sent } of this.shared) {
      const kept = lost.filter(([, , row]) => row === id).map(([, , , cells]) =>
        JSON.parse(cells).body
      );
      once(sent, [byId.get(id)!.body, ...kept]);
    }
  }
}

/** One person at one device, who writes one thing after the other until it fails. */
export class Writer {
  readonly #ledger: Ledger;
  readonly #name: string;
  readonly #dice: Dice;
  readonly #mine: Own[] = [];
  #count = 0;

  constructor(ledger: Ledger, name: string, dice: Dice) {
    this.#ledger = ledger;
    this.#name = name;
    this.#dice = dice;
  }

  /** Writes `count` times, or until Erth is gone; true if it wasn't. */
  async write(erth: Erth, count: number): Promise<boolean> {
    for (let at = 0; at < count; at++) {
      if (!await this.#edit(erth)) return false;
      await new Promise((done) => setTimeout(done, this.#dice.below(MOST_PAUSE_MS)));
    }
    return true;
  }

  /** Writes to a note that others write to as well, upon the state `version` only. */
  async writeShared(erth: Erth, id: string, version: string): Promise<void> {
    const text = this.#text("Shared");
    const { outcome } = await send(erth, `notes/${id}`, { body: text, base: version });
    this.#ledger.shared.push({ id, text, outcome });
  }

  async #edit(erth: Erth): Promise<boolean> {
    const kind = this.#dice.below(10);
    const note = this.#mine[this.#dice.below(this.#mine.length)];
    if (kind === 0) return await this.#ask(erth);
    if (note === undefined || note.deleted || kind < 5) return await this.#create(erth);
    if (kind === 5) {
      note.deleted = (await send(erth, `notes/${note.id}/delete`, {})).outcome;
      return note.deleted !== "unknown";
    }
    const text = this.#text("Body");
    const { outcome } = await send(erth, `notes/${note.id}`, { body: text });
    note.texts.push({ text, outcome });
    return outcome !== "unknown";
  }

  async #create(erth: Erth): Promise<boolean> {
    const title = this.#text("Note");
    const body = `Body of ${title}`;
    const { outcome, answer } = await send(erth, "notes", { title, body });
    this.#ledger.created.push({ text: title, outcome });
    if (outcome !== "saved") return false;
    const own = { id: answer.id!, texts: [{ text: body, outcome }], deleted: undefined };
    this.#mine.push(own);
    this.#ledger.owned.push(own);
    return true;
  }

  async #ask(erth: Erth): Promise<boolean> {
    const thread = await send(erth, "chat", {});
    if (thread.outcome !== "saved") return false;
    const question = this.#text("What is note");
    const { outcome } = await send(erth, `chat/${thread.answer.id}/messages`, { question });
    this.#ledger.asked.push({ text: question, outcome });
    return outcome === "saved";
  }

  #text(what: string): string {
    return `${what} ${this.#name}-${++this.#count}`;
  }
}

/** Sends an edit once. */
async function send(
  erth: Erth,
  path: string,
  form: Record<string, string>,
): Promise<{ outcome: Outcome; answer: { id?: string } }> {
  let response: Response;
  let answer;
  try {
    response = await erth.fetch(path, {
      method: "POST",
      body: new URLSearchParams(form),
      headers: { accept: "application/json" },
    });
    answer = await response.json();
  } catch {
    return { outcome: "unknown", answer: {} };
  }
  if (response.ok) return { outcome: "saved", answer };
  if (answer.error?.code === "NOTE_CHANGED") return { outcome: "refused", answer };
  throw new Error(`Cannot write ${path}: ${JSON.stringify(answer.error)}`);
}

function once({ text, outcome }: Sent, all: string[]): void {
  const times = all.filter((one) => one === text).length;
  const least = outcome === "saved" ? 1 : 0;
  const most = outcome === "refused" ? 0 : 1;
  assert(times >= least && times <= most, `'${text}', ${outcome}, is there ${times} times`);
}
