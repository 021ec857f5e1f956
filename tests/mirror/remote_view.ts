import { type Client, createClient, type InStatement } from "@libsql/client/web";
import { TABLES, type Tables } from "./changes.ts";
import { type BookRow, byId } from "./devices.ts";

/** Where a row stands in the order of what the remote has accepted. */
export type Place = [seq: number, n: number];

/** A look at the remote from outside, by plain SQL. */
export class RemoteView {
  readonly #sql: Client;
  #places = new Map<string, Place>();
  #newest = 0;

  constructor(url: string) {
    this.#sql = createClient({ url });
  }

  /** The number of its newest batch, as last heard. */
  get newest(): number {
    return this.#newest;
  }

  /** Where each of its rows stands, by table and id, as last heard; it stays as it is. */
  get places(): ReadonlyMap<string, Place> {
    return this.#places;
  }

  /** Runs one statement as somebody else would. */
  async execute(statement: InStatement): Promise<void> {
    await this.#sql.execute(statement);
  }

  /** What is new in its books since the last time. */
  async hear(): Promise<{ books: BookRow[]; batches: number[] }> {
    const [rows, batches] = await this.#sql.batch([
      { sql: "SELECT * FROM erth_rows WHERE seq > ?", args: [this.#newest] },
      { sql: "SELECT seq FROM erth_batches WHERE seq > ?", args: [this.#newest] },
    ]);
    const books = rows!.rows as unknown as (BookRow & { seq: number; n: number })[];
    this.#places = new Map([
      ...this.#places,
      ...books.map(({ tbl, id, seq, n }) => [`${tbl}/${id}`, [seq, n]] as [string, Place]),
    ]);
    const seqs = batches!.rows.map(({ seq }) => Number(seq));
    this.#newest = Math.max(this.#newest, ...seqs);
    return { books, batches: seqs };
  }

  async tables(): Promise<Tables> {
    const sets = await this.#sql.batch(TABLES.map((table) => `SELECT * FROM ${table}`));
    return Object.fromEntries(
      sets.map(({ rows, columns }, index) => {
        const plain = rows.map((row) =>
          Object.fromEntries(columns.map((column) => [column, row[column]]))
        );
        return [TABLES[index], byId(plain as Parameters<typeof byId>[0])];
      }),
    ) as Tables;
  }

  close(): void {
    this.#sql.close();
  }
}
