import {
  type Cell,
  cellOf,
  changesBetween,
  type Conflict,
  LIFE,
  mergeRows,
  NOTHING,
  type Row,
  type Values,
  written,
} from "./cells.ts";

/** Texts of one row that lost against others. */
interface Lost {
  key: string;
  writer: string;
  texts: Values;
}

interface Replica {
  rows: Map<string, Row>;
  /** The rows of the remote as this device last saw them: what its own writes replace. */
  seen: Map<string, Row>;
  /** Which columns of which rows the remote doesn't have yet. */
  pending: Map<string, Set<string>>;
}

/** What a device sends: each cell that waits, by row. */
export type Push = Map<string, Map<string, Cell>>;

/** Finds the stamp of a cell in the books of a database; `life` for the row itself. */
export type Stamps = (table: string, id: string, column: string) => string;

/** Which columns keep the text that lost, by table; the rules themselves have no exceptions. */
const KEPT: Record<string, string[]> = { notes: ["title", "body", "tags"], threads: ["title"] };

/**
 * What the mirror has to do, as plainly as it can be said: all in memory, each rule once. It shares
 * nothing with the program. Writes, pulls and pushes are told to it in the order in which they
 * happened; what they lead to is its own reckoning.
 */
export class Model {
  readonly #remote = new Map<string, Row>();
  readonly #replicas: Replica[];

  constructor(devices: number) {
    this.#replicas = Array.from({ length: devices }, () => ({
      rows: new Map(),
      seen: new Map(),
      pending: new Map(),
    }));
  }

  /** A person on a device writes a whole row, or deletes it. What stays the same isn't a change. */
  write(device: number, table: string, id: string, values: Values | undefined): void {
    const replica = this.#replicas[device]!;
    const key = `${table}/${id}`;
    const row = replica.rows.get(key) ?? NOTHING;
    const after = written(row, values, nameOf(device));
    const changes = changesBetween(row, after);
    const pending = [...(replica.pending.get(key) ?? []), ...changes];
    // Of a deleted row nothing waits but that it is gone.
    const rest = values === undefined ? pending.filter((column) => column === LIFE) : pending;
    replica.rows.set(key, after);
    if (rest.length > 0) replica.pending.set(key, new Set(rest));
  }

  /** Somebody writes to the remote by plain SQL. */
  writeRemotely(table: string, id: string, values: Values | undefined, stamps: Stamps): void {
    const key = `${table}/${id}`;
    const row = this.#remote.get(key) ?? NOTHING;
    const after = written(row, values, "sql");
    for (const column of changesBetween(row, after)) {
      const cell = cellOf(after, column);
      if (cell) cell.stamp = stamps(table, id, column);
    }
    this.#remote.set(key, after);
  }

  /** Takes the stamps of what waits on a device, as its books have them now. */
  restamp(device: number, stamps: Stamps): void {
    const replica = this.#replicas[device]!;
    for (const [key, pending] of replica.pending) {
      const [table, id] = split(key);
      const row = replica.rows.get(key)!;
      for (const column of pending) {
        const cell = cellOf(row, column);
        if (cell) cell.stamp = stamps(table, id, column);
      }
    }
  }

  /** What a device sends now. */
  push(device: number): Push {
    const { pending, rows } = this.#replicas[device]!;
    const push: Push = new Map();
    for (const [key, columns] of pending) {
      const row = rows.get(key)!;
      const isWhole = columns.has(LIFE) && row.life.value === 1;
      const sent = isWhole ? [LIFE, ...Object.keys(row.cells)] : [...columns];
      push.set(key, new Map(sent.map((column) => [column, cellOf(row, column)!])));
    }
    return push;
  }

  /** The remote took what a device sent, whether the device knows that yet or not. */
  accept(device: number, push: Push, stamps: Stamps): void {
    const replica = this.#replicas[device]!;
    for (const [key, cells] of push) {
      const [table, id] = split(key);
      const before = this.#remote.get(key) ?? NOTHING;
      const after: Row = { life: before.life, cells: { ...before.cells } };
      const pending = replica.pending.get(key);
      for (const [column, cell] of cells) {
        cell.stamp = stamps(table, id, column);
        if (column === LIFE) after.life = cell;
        else after.cells[column] = cell;
        if (cellOf(replica.rows.get(key)!, column) === cell) pending?.delete(column);
      }
      if (pending?.size === 0) replica.pending.delete(key);
      this.#remote.set(key, after);
      replica.seen.set(key, after);
    }
  }

  /** All that the remote has; it stays as it is. */
  get remote(): ReadonlyMap<string, Row> {
    return new Map(this.#remote);
  }

  /** A device takes over what it has fetched of the remote, and merges it with what it hasn't sent. */
  pull(
    device: number,
    rows: ReadonlyMap<string, Row>,
    isFetched: (table: string, id: string) => boolean,
  ): void {
    const { seen } = this.#replicas[device]!;
    const lost: Lost[] = [];
    for (const [key, remote] of rows) {
      if (seen.get(key) === remote || !isFetched(...split(key))) continue;
      this.#merge(device, key, remote, lost);
      seen.set(key, remote);
    }
    // At last, or a conflict that ended elsewhere would take a new one with it.
    for (const { key, writer, texts } of lost) this.#keep(device, key, writer, texts);
  }

  /** The rows of one table on a device, or on the remote, by id. */
  table(place: number | "remote", table: string): Map<string, Values> {
    const rows = place === "remote" ? this.#remote : this.#replicas[place]!.rows;
    const found = new Map<string, Values>();
    for (const [key, row] of rows) {
      const [name, id] = split(key);
      if (name === table && row.life.value === 1) found.set(id, valuesOf(row));
    }
    return found;
  }

  #merge(device: number, key: string, remote: Row, lost: Lost[]): void {
    const replica = this.#replicas[device]!;
    const local = replica.rows.get(key) ?? NOTHING;
    const seen = replica.seen.get(key) ?? NOTHING;
    const pending = replica.pending.get(key);
    if (!pending) {
      replica.rows.set(key, remote);
      return;
    }
    replica.pending.delete(key);
    const news = changesBetween(seen, remote);
    if (local.life.value === 0) {
      // Deleted here: holds unless somebody else changed it meanwhile.
      if (remote.life.value === 0 || news.length > 0) replica.rows.set(key, remote);
      else replica.pending.set(key, new Set([LIFE]));
    } else if (remote.life.value === 0) {
      // Deleted there, but changed here: all of it goes there once more.
      replica.pending.set(key, pending.add(LIFE));
    } else {
      const { merged, conflicts } = mergeRows(local, remote, news, pending);
      for (const cell of Object.values(merged.cells)) cell.writer ??= nameOf(device);
      replica.rows.set(key, merged);
      if (pending.size > 0) replica.pending.set(key, pending);
      lost.push(...losses(key, nameOf(device), conflicts));
    }
  }

  /** Keeps texts that lost; the same ones of a row only once. */
  #keep(device: number, key: string, writer: string, texts: Values): void {
    const [of_table, row_id] = split(key);
    const cells = JSON.stringify(texts, Object.keys(texts).sort());
    const id = conflictId({ of_table, row_id, cells });
    if (this.table(device, "conflicts").has(id)) return;
    this.write(device, "conflicts", id, { of_table, row_id, cells, device: writer });
  }
}

/** The texts to keep, those of one writer together. */
function losses(key: string, device: string, conflicts: Conflict[]): Lost[] {
  const lost = new Map<string, Values>();
  for (const { column, mine, theirs, won } of conflicts) {
    if (theirs.value === mine.value || !KEPT[split(key)[0]]?.includes(column)) continue;
    const writer = won ? theirs.writer! : device;
    lost.set(writer, { ...lost.get(writer), [column]: (won ? theirs : mine).value });
  }
  return [...lost].map(([writer, texts]) => ({ key, writer, texts }));
}

/** The model's name for a row of `conflicts`: what it says. */
export function conflictId({ of_table, row_id, cells }: Values): string {
  const texts = JSON.parse(String(cells)) as Values;
  return `${of_table} ${row_id} ${JSON.stringify(texts, Object.keys(texts).sort())}`;
}

/** What other devices call a device. */
export function nameOf(device: number): string {
  return `device ${device}`;
}

function valuesOf({ cells }: Row): Values {
  return Object.fromEntries(Object.entries(cells).map(([column, { value }]) => [column, value]));
}

function split(key: string): [string, string] {
  const slash = key.indexOf("/");
  return [key.slice(0, slash), key.slice(slash + 1)];
}
