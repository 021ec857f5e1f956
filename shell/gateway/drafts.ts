import { join } from "node:path";
import { removePrivately, replacePrivately } from "../config/private_file.ts";

/** Words that a page had and couldn't save. */
export interface UnsavedText {
  /** Where it would have gone, without the prefix: `notes/ID`. */
  path: string;
  /** The form's fields, such as `title` and `body`. */
  fields: Record<string, string>;
}

/** The same, kept until somebody says what shall become of it. */
export interface Draft extends UnsavedText {
  id: string;
  /** When it was kept, UTC. */
  at: string;
}

/** `unsaved.json` in the data folder, mode 0600: what the last end had no time to save. */
export class Drafts {
  readonly #path: string;
  #drafts: Draft[] | undefined;

  /** @param data The data folder. */
  constructor(data: string) {
    this.#path = join(data, "unsaved.json");
  }

  /** Those that are kept, oldest first. */
  list(): readonly Draft[] {
    return this.#drafts ??= read(this.#path);
  }

  /** Keeps more; it is on the disk when this returns. */
  add(drafts: readonly Draft[]): void {
    if (drafts.length > 0) this.#replace([...this.list(), ...drafts]);
  }

  /** Drops those with these ids, if they are there. */
  remove(ids: readonly string[]): void {
    const kept = this.list().filter(({ id }) => !ids.includes(id));
    if (kept.length < this.list().length) this.#replace(kept);
  }

  #replace(drafts: Draft[]): void {
    if (drafts.length === 0) removePrivately(this.#path);
    else replacePrivately(this.#path, JSON.stringify(drafts));
    this.#drafts = drafts;
  }
}

/** A file that can't be read stays where it is, for a person to look into. */
function read(path: string): Draft[] {
  try {
    const drafts: unknown = JSON.parse(Deno.readTextFileSync(path));
    return Array.isArray(drafts) ? drafts.filter(isDraft) : [];
  } catch {
    return [];
  }
}

function isDraft({ id, at, path, fields }: Record<string, unknown>): boolean {
  return [id, at, path].every((it) => typeof it === "string") && typeof fields === "object" &&
    fields !== null;
}
