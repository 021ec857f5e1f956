import { join } from "node:path";
import { capture } from "../../db/mirror/capture.ts";
import type { mergeRow } from "../../db/mirror/merge.ts";
import { migrate, readMigrations } from "../../db/store/migrate.ts";
import { Mirror } from "../../db/mirror/mirror.ts";
import { Remote } from "../../db/remote/remote.ts";
import { Store } from "../../db/store/store.ts";
import type { Log } from "../../log.ts";
import { type Place, statementOf, TABLES, type Tables, type Write } from "./changes.ts";
import type { Values } from "./cells.ts";
import type { Part } from "./operations.ts";
import { nameOf, type Stamps } from "./model.ts";

const MIGRATIONS = await readMigrations(new URL("../../db/migrations", import.meta.url));
const QUIET: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** What tests put in the place of a part. */
export interface Seams {
  fetch: typeof fetch;
  /** Called at each fault point. */
  fault: (point: string) => void;
  merging?: typeof mergeRow;
  /** Rows in one piece. */
  limits?: { batch: number; page: number };
}

/** The program died at a fault point. */
export class Crash extends Error {}

/** One device: a database, a person who writes to it, and its mirror, each with its connection. */
export class Device {
  readonly #path: string;
  readonly #url: string;
  readonly #seams: Seams;
  #person!: Store;
  #store!: Store;
  #mirror: Mirror | undefined;

  private constructor(readonly number: number, path: string, url: string, seams: Seams) {
    this.#path = path;
    this.#url = url;
    this.#seams = seams;
  }

  /** A new device with an empty database; its mirror starts with the first sync. */
  static async make(
    number: number,
    folder: string,
    url: string,
    clock: number,
    seams: Seams,
  ): Promise<Device> {
    const device = new Device(number, join(folder, `${number}.db`), url, seams);
    await device.open();
    migrate(device.#person, MIGRATIONS, QUIET);
    device.#person.run("CREATE TABLE test_clock (ms INTEGER)");
    device.#person.change("INSERT INTO test_clock VALUES (?)", clock);
    return device;
  }

  /** Opens both connections. */
  async open(): Promise<void> {
    this.#person = await Store.open({ path: this.#path, synchronous: "NORMAL" });
    this.#store = await Store.open({ path: this.#path, synchronous: "NORMAL" });
    this.#mirror = undefined;
  }

  /** Ends as a program does, and begins anew from the file. */
  async reopen(): Promise<void> {
    this.close();
    await this.open();
  }

  close(): void {
    this.#person.close();
    this.#store.close();
  }

  set clock(ms: number) {
    this.#person.change("UPDATE test_clock SET ms = ?", ms);
  }

  /** Makes the triggers before the first sync does, as a device that was connected before has them. */
  capture(): void {
    capture(this.#person, { now: NOW });
  }

  /** One round of the mirror; see `Part.isHasty`. */
  async sync({ isHasty = false, trims = false }: Partial<Part>): Promise<void> {
    this.#mirror ??= await Mirror.open({
      store: this.#store,
      remote: new Remote({ url: this.#url, token: "" }, { fetch: this.#seams.fetch }),
      log: QUIET,
      deviceName: nameOf(this.number),
      version: "0.0.0",
      merge: true,
      now: NOW,
      fault: this.#seams.fault,
      merging: this.#seams.merging,
      limits: this.#seams.limits,
    });
    await this.#mirror.sync(undefined, !isHasty);
    if (!trims) return;
    await this.#mirror.report();
    await this.#mirror.trim();
  }

  /** What the person sees. */
  tables(): Tables {
    return Object.fromEntries(
      TABLES.map((table) => [table, byId(this.#person.rows<Row>(`SELECT * FROM ${table}`))]),
    ) as Tables;
  }

  /** The person writes all of it at once. */
  write(writes: Write[], before: Tables): void {
    this.#person.transaction(() => {
      for (const write of writes) {
        const statement = statementOf(write, before[write.table].get(write.id));
        if (statement) this.#person.change(statement.sql, ...statement.args);
      }
    });
  }

  /** What it knows of when its cells were written. */
  books(): BookRow[] {
    return this.#person.rows("SELECT tbl, id, stamp, cells, deleted FROM mirror_rows");
  }

  /** The last row of the remote that it has fetched: the row's batch, and its place in it. */
  cursor(): [number, number] {
    const [row] = this.#person.rows<{ value: string }>(
      "SELECT value FROM mirror_state WHERE key = 'position'",
    );
    return row === undefined ? [0, 0] : JSON.parse(row.value).cursor;
  }

  /** How much still waits, or was set aside. */
  left(): { pending: number; aside: number } {
    const [row] = this.#person.rows<{ pending: number; aside: number }>(
      "SELECT (SELECT count(*) FROM mirror_pending) AS pending, " +
        "(SELECT count(*) FROM mirror_aside) AS aside",
    );
    return row!;
  }
}

/** SQL of a device's clock. */
const NOW = "(SELECT ms FROM test_clock)";

/** A row of the books, here or on the remote. */
export interface BookRow {
  tbl: string;
  id: string;
  stamp: string;
  cells: string;
  deleted: string | null;
}

type Row = Values & { id: string };

/** Rows by id, without it. */
export function byId(rows: Row[]): Map<string, Values> {
  return new Map(rows.map(({ id, ...values }) => [id, values]));
}

/** Finds stamps in the books of a place. */
export function stampsOf(rows: BookRow[]): Stamps {
  const books = new Map(rows.map(({ tbl, id, stamp, cells, deleted }) => {
    const columns = JSON.parse(cells) as Record<string, string>;
    return [`${tbl}/${id}`, { ...columns, stamp, life: deleted ?? stamp } as typeof columns];
  }));
  return (table, id, column) => {
    const row = books.get(`${table}/${id}`);
    return row?.[column] ?? row?.stamp ?? "";
  };
}

/** What a change on a device depends on. */
export function placeOf(tables: Tables, step: number, now: number, graves: string[]): Place {
  return { tables, now: new Date(now).toISOString(), fresh: `id-${step}`, graves };
}
