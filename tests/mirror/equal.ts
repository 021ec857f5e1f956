import { encodeHex } from "@std/encoding/hex";
import { TABLES, type Tables } from "./changes.ts";
import type { Values } from "./cells.ts";
import { conflictId, type Model } from "./model.ts";

/** In what a place differs from the model; nothing if it is as it should be. */
export function differences(
  name: string,
  tables: Tables,
  model: Model,
  place: number | "remote",
): string[] {
  return TABLES.flatMap((table) => {
    const isConflict = table === "conflicts";
    const line = (id: string, values: Values) =>
      isConflict ? conflictId(values) : `${id} ${ordered(values)}`;
    const lines = (rows: Map<string, Values>) => [...rows].map(([id, row]) => line(id, row)).sort();
    const [real, right] = [lines(tables[table]), lines(model.table(place, table))];
    return [
      ...without(right, real).map((row) => `${name} lacks in ${table}: ${row}`),
      ...without(real, right).map((row) => `${name} has instead: ${row}`),
    ];
  });
}

/** One number for all that a place holds. */
export async function hashOf(tables: Tables): Promise<string> {
  const rows = TABLES.map((table) =>
    [...tables[table]].map(([id, row]) => `${id} ${ordered(row)}`).sort()
  );
  const bytes = new TextEncoder().encode(JSON.stringify(rows));
  return encodeHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/** Which conflict of the model is which of the databases: ids there are hashes. */
export class Conflicts {
  readonly #ids = new Map<string, string>();
  readonly #real = new Map<string, string>();

  /** Remembers those of a device. */
  learn(rows: Map<string, Values>): void {
    for (const [id, values] of rows) {
      this.#ids.set(id, conflictId(values));
      this.#real.set(conflictId(values), id);
    }
  }

  /** The model's id of a row. */
  idOf(table: string, id: string): string {
    return table === "conflicts" ? this.#ids.get(id) ?? id : id;
  }

  /** The databases' id of a row of the model. */
  realId(table: string, id: string): string {
    return table === "conflicts" ? this.#real.get(id) ?? id : id;
  }
}

function ordered(values: Values): string {
  return JSON.stringify(values, Object.keys(values).sort());
}

function without(lines: string[], others: string[]): string[] {
  const rest = [...others];
  return lines.filter((line) => {
    const at = rest.indexOf(line);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}
