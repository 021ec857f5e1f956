import type { Tables, Write } from "./changes.ts";
import type { Values } from "./cells.ts";

/** Columns that hold what a person typed. */
const TYPED: Record<string, string[]> = {
  notes: ["title", "body", "tags"],
  threads: ["title"],
  messages: ["body"],
};

/**
 * The one promise that needs no model: a text stays, in its row or as a conflict, until somebody who
 * saw it put another in its place.
 */
export class Texts {
  /** By cell, the texts that must be somewhere, with how often each was written. */
  readonly #cells = new Map<string, Map<string, number>>();
  readonly #deleted = new Set<string>();

  /** Somebody who saw `before` made this write. */
  wrote({ table, id, values }: Write, before: Values | undefined): void {
    if (table === "conflicts") {
      const { of_table, row_id, cells } = before ?? {};
      for (const [column, text] of Object.entries(JSON.parse(String(cells ?? "{}")))) {
        this.#cells.get(`${of_table} ${row_id} ${column}`)?.delete(String(text));
      }
      return;
    }
    if (values === undefined) this.#deleted.add(`${table} ${id}`);
    for (const column of TYPED[table]!) {
      if (values?.[column] === before?.[column]) continue;
      const key = `${table} ${id} ${column}`;
      const texts = this.#cells.get(key) ?? new Map<string, number>();
      this.#cells.set(key, texts);
      if (before) texts.delete(String(before[column]));
      const text = String(values?.[column]);
      if (values) texts.set(text, (texts.get(text) ?? 0) + 1);
    }
  }

  /** What of it is missing at the end, or is there twice. */
  check(tables: Tables): string[] {
    const wrong: string[] = [];
    const kept = [...tables.conflicts.values()].map(({ of_table, row_id, cells }) => ({
      row: `${of_table} ${row_id}`,
      cells: JSON.parse(String(cells)) as Values,
    }));
    for (const [key, texts] of this.#cells) {
      const [table, id, column] = key.split(" ") as [keyof Tables, string, string];
      const conflicts = kept.filter(({ row }) => row === `${table} ${id}`);
      for (const [text, times] of texts) {
        const isHere = tables[table].get(id)?.[column] === text;
        const isKept = conflicts.some(({ cells }) => cells[column] === text);
        if (!isHere && !isKept) wrong.push(`lost: ${JSON.stringify(text)} of ${key}`);
        // A row that was deleted here and changed there comes back with texts of before.
        const once = times === 1 && !this.#deleted.has(`${table} ${id}`);
        if (isHere && isKept && once) wrong.push(`doubled: ${JSON.stringify(text)} of ${key}`);
      }
    }
    return wrong;
  }
}
