import { type Client, createClient, type InArgs } from "@libsql/client/web";
import { asErthError, ErthError } from "../../errors.ts";
import {
  type Company,
  type Head,
  type MirrorProbe,
  type Page,
  parseHead,
  type RemotePage,
  type Since,
} from "./answers.ts";
import type { Batch } from "./batch.ts";
import type { MirrorTarget } from "./target.ts";
import { classify } from "./errors.ts";
import { listen } from "./listen.ts";
import { fetchPatiently } from "./patience.ts";
import { pageEntry, REMOTE_TIME, rowSize } from "./schema.ts";
import { setUp } from "./setup.ts";
import { type Table, toJson, type Value } from "../store/tables.ts";

/** Rows of one page, bytes of their text, and from which on a row travels alone. */
const PAGE_ROWS = 2000;
const PAGE_BYTES = 3_000_000;
const LARGE_BYTES = 2_000_000;

/** An empty list as JSONB. */
const NO_ROWS = new Uint8Array([0x0b]);

/** Days after which a device that isn't heard of holds nothing back any more. */
const AWAY_DAYS = 60;

/**
 * A libSQL server: Turso Cloud or sqld. The only module that knows how one is spoken to (Hrana over
 * HTTP, github.com/tursodatabase/libsql/blob/main/docs/HRANA_3_SPEC.md).
 *
 * All methods throw `MIRROR_OFFLINE`, `MIRROR_AUTH`, `MIRROR_QUOTA`, `MIRROR_ROW_TOO_LARGE`,
 * `MIRROR_ROW_REFUSED`, or `MIRROR_REMOTE_WIPED` if its tables are gone.
 */
export class Remote {
  readonly #client: Client;
  readonly #base: URL;
  readonly #token: string;
  readonly #fetch: typeof fetch;
  readonly #ending = new AbortController();

  /** @param options.fetch How requests are sent; the system's by default. */
  constructor({ url, token }: MirrorTarget, options: { fetch?: typeof fetch } = {}) {
    this.#token = token;
    this.#base = new URL(url.replace(/^(libsql|wss):/, "https:").replace(/^ws:/, "http:"));
    this.#fetch = options.fetch ?? fetch;
    try {
      this.#client = createClient({
        url: this.#base.href,
        authToken: token === "" ? undefined : token,
        fetch: (request: Request) => {
          request.headers.set("accept-encoding", encodingFor(this.#base));
          return fetchPatiently(this.#fetch, request, this.#ending.signal);
        },
      });
    } catch (error) {
      throw new ErthError("MIRROR_URL", asErthError(error).detail);
    }
  }

  /** What the database at the address holds, without changing anything. */
  async probe(): Promise<Omit<MirrorProbe, "localRows" | "known"> & { id?: string }> {
    const tables = (await this.#rows<{ name: string }>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' " +
        "AND name NOT LIKE 'libsql!_%' ESCAPE '!'",
    )).map(({ name }) => name);
    if (!tables.includes("erth_meta")) {
      return { remote: tables.length ? "foreign" : "empty", remoteRows: 0, devices: [] };
    }
    const [row] = await this.#rows<{ id: string; rows: number; devices: string }>(
      "SELECT (SELECT value FROM erth_meta WHERE key = 'remote') AS id, (SELECT count(*) FROM erth_rows WHERE deleted IS NULL) AS rows, " +
        "(SELECT json_group_array(name) FROM erth_devices) AS devices",
    );
    const { id, rows, devices } = row!;
    return { id, remote: "erth", remoteRows: rows, devices: JSON.parse(devices) };
  }

  /**
   * Makes or renews the tables there, in one transaction: whoever comes first does it, and two at
   * once or a kill half-way do no harm.
   *
   * @param schema The number of this device's schema.
   * @param name What it was called before it was emptied, by which others know it again.
   * @throws {ErthError} `MIRROR_SCHEMA_NEWER`, `MIRROR_FOREIGN`.
   */
  async prepare(tables: readonly Table[], schema: number, name?: string): Promise<void> {
    try {
      const { remote } = await this.probe();
      if (remote === "foreign") throw new ErthError("MIRROR_FOREIGN");
      const transaction = await this.#client.transaction("write");
      try {
        await setUp(transaction, { tables, schema, name: remote === "empty" ? name : undefined });
        await transaction.commit();
      } finally {
        transaction.close();
      }
    } catch (error) {
      throw classify(error);
    }
  }

  /** What the remote says of itself; a small question. */
  async head(): Promise<Head> {
    const [row] = await this.#rows<Head>("SELECT * FROM erth_head");
    return { ...row!, schema: Number(row!.schema), trimmed: Number(row!.trimmed) };
  }

  /** What happened after the batch `head` (`SEQ-ID`), and how many rows follow the cursor. */
  async since(head: string, device: string, [seq]: RemotePage["cursor"]): Promise<Since> {
    const [number, id] = parseHead(head);
    const [row] = await this.#rows<
      { known: number; names: string } & Omit<Since, "known" | "names">
    >(
      "SELECT ?1 = 0 OR EXISTS (SELECT 1 FROM erth_batches WHERE seq = ?1 AND id = ?2) AS known, " +
        "(SELECT id FROM erth_batches WHERE seq = ?1 + 1) AS next, " +
        "(SELECT count(*) FROM erth_batches WHERE seq > ?1 AND device = ?3) AS own, " +
        "(SELECT count(*) FROM erth_rows WHERE seq > ?4) AS rows, " +
        "(SELECT json_group_object(id, name) FROM erth_devices) AS names",
      [BigInt(number), id, device, BigInt(seq)],
    );
    return { ...row!, known: row!.known === 1, names: JSON.parse(row!.names) };
  }

  /** The rows after the cursor, in the order in which they were last touched. */
  async page(
    tables: readonly Table[],
    cursor: RemotePage["cursor"],
    most = PAGE_ROWS,
  ): Promise<RemotePage> {
    const after = "(seq, n) > (?1, ?2)";
    return await this.#page(tables, after, [BigInt(cursor[0]), BigInt(cursor[1])], most);
  }

  /** These rows, by table and id, as they are now. */
  async rowsByKey(tables: readonly Table[], keys: [table: string, id: string][]): Promise<Page> {
    const among = "?2 = 0 AND (tbl, id) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?1))";
    return await this.#page(tables, among, [JSON.stringify(keys), 0n], PAGE_ROWS);
  }

  /**
   * Sends a batch made upon `base`. All of it is taken, or nothing.
   *
   * @returns false if the remote has moved on from `base`.
   */
  async push(id: string, base: string, device: string, { body }: Batch): Promise<boolean> {
    try {
      await this.#rows("INSERT INTO erth_inbox VALUES (?, ?, ?, ?)", [id, base, device, body]);
      return true;
    } catch (error) {
      if (asErthError(error).detail.endsWith("stale")) return false;
      throw error;
    }
  }

  /** Says that this device is here and how far it has got. */
  async report(device: { id: string; name: string; version: string; head: string }): Promise<void> {
    await this.#rows(
      `INSERT INTO erth_devices (id, name, seen, seq, version) VALUES (?, ?, ${REMOTE_TIME}, ?, ?) ` +
        "ON CONFLICT DO UPDATE SET name = excluded.name, seen = excluded.seen, " +
        "seq = excluded.seq, version = excluded.version",
      [device.id, device.name, BigInt(parseHead(device.head)[0]), device.version],
    );
  }

  /** The devices that share the remote, and what its books and files take. */
  async company(): Promise<Company> {
    const [row] = await this.#rows<{ devices: string } & Company["sizes"]>(
      "SELECT (SELECT json_group_array(json_object('id', id, 'name', name, 'seen', seen, 'behind', " +
        "max(0, (SELECT coalesce(max(seq), 0) FROM erth_batches) - seq))) FROM erth_devices) " +
        "AS devices, (SELECT count(*) FROM erth_rows WHERE deleted IS NOT NULL) AS tombstones, " +
        "coalesce((SELECT max(seq) FROM erth_batches) - (SELECT min(seq) FROM erth_batches) + 1, 0) " +
        "AS batches, " +
        "(SELECT page_count * page_size FROM pragma_page_count, pragma_page_size) AS remoteBytes",
    );
    const { devices, ...sizes } = row!;
    return { devices: JSON.parse(devices), sizes };
  }

  /** Forgets a device: nothing is kept back for it any more. */
  async forget(device: string): Promise<void> {
    await this.#rows("DELETE FROM erth_devices WHERE id = ?", [device]);
  }

  /** Deletes tombstones and batches that every device which was heard of lately has passed. */
  async trim(): Promise<void> {
    const passed = "(SELECT CAST(value AS INTEGER) FROM erth_meta WHERE key = 'trimmed')";
    const lately = `strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-${AWAY_DAYS} days')`;
    try {
      await this.#client.batch([
        // Never beyond the newest batch: a device may know more than a remote that was restored.
        "UPDATE erth_meta SET value = max(CAST(value AS INTEGER), coalesce((SELECT min(d.seq, b.seq) " +
        `FROM (SELECT min(seq) AS seq FROM erth_devices WHERE seen > ${lately}) d, ` +
        "(SELECT max(seq) AS seq FROM erth_batches) b), 0)) WHERE key = 'trimmed'",
        `DELETE FROM erth_rows WHERE deleted IS NOT NULL AND seq < ${passed}`,
        `DELETE FROM erth_batches WHERE seq < ${passed}`,
      ], "write");
    } catch (error) {
      throw classify(error);
    }
  }

  /**
   * Listens for news where the server tells of them (sqld: `GET /beta/listen`), until the connection
   * ends. `onNews` is called once listening has begun and at each change.
   *
   * @throws {ErthError} `MIRROR_OFFLINE`; `NOT_FOUND` if this server doesn't tell.
   */
  async listen(signal: AbortSignal, onNews: () => void): Promise<void> {
    await listen(this.#fetch, this.#base, this.#token, {
      signal: AbortSignal.any([signal, this.#ending.signal]),
      onNews,
    });
  }

  /** Ends what is under way. */
  close(): void {
    this.#ending.abort();
    this.#client.close();
  }

  async #page(
    tables: readonly Table[],
    which: string,
    args: (bigint | string)[],
    most: number,
  ): Promise<RemotePage> {
    const [row] = await this.#rows<{
      rows: ArrayBuffer;
      count: number;
      found: number;
      seq: number;
      n: number;
      large: string;
    }>(
      // Sizes are read first, as rows are only to be built if they go into this page.
      `WITH some AS MATERIALIZED (SELECT seq, n, coalesce(${rowSize(tables)}, 0) AS size ` +
        `FROM erth_rows r WHERE ${which} ORDER BY seq, n LIMIT ?3), ` +
        "cut AS MATERIALIZED (SELECT *, sum(min(size, ?5)) OVER (ORDER BY seq, n) AS total, " +
        "size > ?5 AS big FROM some) " +
        `SELECT jsonb(json_group_array(${pageEntry(tables)})) AS rows, count(*) AS count, ` +
        "(SELECT count(*) FROM some) AS found, " +
        "max(r.seq) AS seq, max(r.n) FILTER (WHERE r.seq = (SELECT max(seq) FROM cut WHERE " +
        "total <= ?4)) AS n, json_group_array(json_array(r.tbl, r.id)) FILTER (WHERE r.big) " +
        "AS large FROM (SELECT e.*, c.big FROM cut c JOIN erth_rows e USING (n) " +
        "WHERE c.total <= ?4) r",
      [...args, BigInt(most), BigInt(PAGE_BYTES), BigInt(LARGE_BYTES)],
    );
    if (row!.count === 0) {
      return { rows: NO_ROWS, count: 0, cursor: [0, 0], large: [], more: false };
    }
    const large = JSON.parse(row!.large ?? "[]") as [string, string][];
    return {
      rows: new Uint8Array(row!.rows),
      count: row!.count,
      cursor: [row!.seq, row!.n],
      large: await this.#large(tables, large),
      more: row!.count < row!.found || row!.found === most,
    };
  }

  /** Rows too large for a page, cell by cell: an answer may hold 10 MB. */
  async #large(tables: readonly Table[], rows: [string, string][]): Promise<Page["large"]> {
    const large: Page["large"] = [];
    for (const [table, id] of rows) {
      const values: Record<string, Value> = {};
      for (const column of tables.find(({ name }) => name === table)!.columns) {
        const [row] = await this.#rows<{ cell: Value }>(
          `SELECT ${toJson(column, "t")} AS cell FROM ${table} t WHERE id = ?`,
          [id],
        );
        if (row !== undefined) values[column.name] = row.cell;
      }
      if (Object.keys(values).length > 0) large.push({ table, id, values });
    }
    return large;
  }

  async #rows<Row>(sql: string, args: InArgs = []): Promise<Row[]> {
    try {
      return (await this.#client.execute({ sql, args })).rows as Row[];
    } catch (error) {
      throw classify(error);
    }
  }
}

/**
 * How answers may be packed. On this computer that is only work, more than half of a server's in a
 * long fetch; elsewhere not as Brotli, which a server may do at its slowest.
 */
function encodingFor({ hostname }: URL): string {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname) ? "identity" : "gzip";
}
