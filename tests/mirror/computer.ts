import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { migrate, type Migration, readMigrations } from "../../db/store/migrate.ts";
import { Mirror } from "../../db/mirror/mirror.ts";
import { Remote } from "../../db/remote/remote.ts";
import { Store } from "../../db/store/store.ts";
import { run } from "../../tools/steps/command.ts";
import { QUIET } from "./remote_support.ts";
import { Sqld, type SqldOptions } from "./sqld.ts";

/** The schema's steps. */
export const MIGRATIONS = await readMigrations(new URL("../../db/migrations", import.meta.url));

/** Mirrored tables of the present schema. */
const TABLES = ["notes", "threads", "messages", "conflicts"];

/** How its mirror is opened, less what every mirror needs. */
type MirrorOptions = Partial<Parameters<typeof Mirror.open>[0]> & { fetch?: typeof fetch };

/** A row as anybody reads it. */
export type Row = Record<string, unknown>;

/** Somebody's computer: a database, the person who writes to it, and its mirror. */
export class Computer {
  /** The person's connection. */
  store!: Store;
  /** Where its remote is. */
  url: string;
  readonly #path: string;
  #back!: Store;
  #isOpen = false;
  #mirror: Mirror | undefined;
  #remote: Remote | undefined;

  constructor(readonly name: string, folder: string, url: string) {
    this.#path = join(folder, `${name}.db`);
    this.url = url;
  }

  /** Opens the database, and brings it to a schema. */
  async open(migrations: readonly Migration[] = MIGRATIONS): Promise<this> {
    this.store = await Store.open({ path: this.#path, synchronous: "NORMAL" });
    this.#back = await Store.open({ path: this.#path, synchronous: "NORMAL" });
    this.#isOpen = true;
    migrate(this.store, migrations, QUIET);
    return this;
  }

  /** Ends both connections. */
  close(): void {
    this.disconnect();
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.store.close();
    this.#back.close();
  }

  /** The mirror; opened with the first call after `disconnect`, whose options hold until then. */
  async mirror({ fetch, ...options }: MirrorOptions = {}): Promise<Mirror> {
    this.#remote ??= new Remote({ url: this.url, token: "" }, { fetch });
    this.#mirror ??= await Mirror.open({
      store: this.#back,
      remote: this.#remote,
      log: QUIET,
      deviceName: this.name,
      version: "0.0.0",
      ...options,
    });
    return this.#mirror;
  }

  /** Lets go of the mirror, as the end of the program does. */
  disconnect(): void {
    this.#remote?.close();
    this.#remote = this.#mirror = undefined;
  }

  /** One round of the mirror; `options` count if it isn't open yet. */
  async sync(options?: MirrorOptions): Promise<void> {
    await (await this.mirror(options)).sync();
  }

  /** Takes the database, as it is or was, to the place of another computer's. */
  async copyTo(other: Computer): Promise<void> {
    this.close();
    // Another program does it: closing a file lets go of SQLite's locks in the same process.
    await run(["rm", "-f", ...["", "-wal", "-shm"].map((end) => other.#path + end)]);
    for (const end of ["", "-wal"]) {
      if (await exists(this.#path + end)) await run(["cp", this.#path + end, other.#path + end]);
    }
    await this.open();
  }

  /** The person writes a note, or changes columns of one. */
  write(id: string, cells: Row = {}): void {
    const time = new Date().toISOString();
    const all: Row = { ...cells, updated_at: time };
    const names = Object.keys(all);
    if (this.note(id) === undefined) {
      names.push("id", "created_at");
      Object.assign(all, { id, created_at: time });
      const marks = names.map(() => "?").join(", ");
      const sql = `INSERT INTO notes (${names.join(", ")}) VALUES (${marks})`;
      this.store.change(sql, ...names.map((name) => all[name]));
    } else {
      const sql = `UPDATE notes SET ${names.map((name) => `${name} = ?`).join(", ")} WHERE id = ?`;
      this.store.change(sql, ...names.map((name) => all[name]), id);
    }
  }

  /** Deletes a note for good. */
  delete(id: string): void {
    this.store.change("DELETE FROM notes WHERE id = ?", id);
  }

  note(id: string): Row | undefined {
    return this.store.rows<Row>("SELECT * FROM notes WHERE id = ?", id)[0];
  }

  /** The titles of all notes by id. */
  get titles(): Record<string, string> {
    const rows = this.store.rows<{ id: string; title: string }>(
      "SELECT id, title FROM notes ORDER BY id",
    );
    return Object.fromEntries(rows.map(({ id, title }) => [id, title]));
  }

  /** Titles, or else texts, that lost, after the id of their note. */
  get lost(): string[] {
    return this.store.rows<{ text: string }>(
      "SELECT row_id || ' ' || coalesce(cells ->> '$.title', cells ->> '$.body') " +
        "AS text FROM conflicts ORDER BY text",
    ).map(({ text }) => text);
  }

  /** How many rows a table has. */
  count(table: string): number {
    return this.store.rows<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)[0]!.n;
  }

  /** What was noticed and mended. */
  get notices(): string[] {
    const rows = this.store.rows<{ value: string }>(
      "SELECT value FROM mirror_state WHERE key = 'notices'",
    );
    return (JSON.parse(rows[0]?.value ?? "[]") as { code: string }[]).map(({ code }) => code);
  }

  get device(): string {
    return this.store.rows<{ device: string }>("SELECT device FROM mirror_clock")[0]!.device;
  }

  /** All that is mirrored. */
  all(): Record<string, Row[]> {
    return Object.fromEntries(
      TABLES.map((table) => [table, this.store.rows(`SELECT * FROM ${table} ORDER BY id`)]),
    );
  }
}

/** A server and the computers that use it. */
export class World {
  readonly #open: Computer[] = [];

  constructor(readonly server: Sqld, readonly folder: string) {}

  /** A computer with an empty database, not connected yet. */
  async computer(
    name: string,
    { url, migrations }: { url?: string; migrations?: Migration[] } = {},
  ) {
    const computer = new Computer(name, this.folder, url ?? this.server.url);
    this.#open.push(computer);
    return await computer.open(migrations);
  }

  /** All rows that the remote gives for a query. */
  async remote(sql: string, args: string[] = [], url = this.server.url): Promise<Row[]> {
    return (await this.server.execute(sql, args, url)).map((row) => ({ ...row }));
  }

  /** Makes the remote count how often each note is written there. */
  async countWrites(table = "notes"): Promise<void> {
    await this.remote("CREATE TABLE IF NOT EXISTS spy (id TEXT)");
    for (const event of ["INSERT", "UPDATE"]) {
      await this.remote(`CREATE TRIGGER spy_${table}_${event} AFTER ${event} ON ${table} BEGIN
        INSERT INTO spy VALUES (new.id); END`);
    }
  }

  /** All sync in turns, until each has what the others wrote; then they and the remote are equal. */
  async settle(...computers: Computer[]): Promise<void> {
    for (let round = 0; round < 2; round++) {
      for (const computer of computers) await computer.sync();
    }
    await this.isEqual(...computers);
  }

  /** The computers and the remote hold the same, and nothing waits. */
  async isEqual(...computers: Computer[]): Promise<void> {
    const there: string[] = [];
    for (const table of TABLES) {
      const rows = await this.remote(`SELECT * FROM ${table}`, [], computers[0]!.url);
      there.push(...lines(table, rows));
    }
    for (const computer of computers) {
      const here = TABLES.flatMap((table) => lines(table, computer.all()[table]!));
      const [lacks, has] = [without(there, here), without(here, there)];
      assertEquals({ lacks, has }, { lacks: [], has: [] }, computer.name);
      assertEquals(computer.count("mirror_pending"), 0, computer.name);
    }
  }

  /** Throws away what every device of the remote has passed. */
  async trim(): Promise<void> {
    const remote = new Remote({ url: this.server.url, token: "" });
    await remote.trim();
    remote.close();
  }

  close(): void {
    for (const computer of this.#open) computer.close();
  }
}

/** A test with a server and a folder of its own. */
export function scenario(
  name: string,
  body: (world: World) => Promise<void>,
  options: SqldOptions = {},
): void {
  Deno.test(name, async () => {
    await using server = await Sqld.start(options);
    const folder = await Deno.makeTempDir();
    const world = new World(server, folder);
    try {
      await body(world);
    } finally {
      world.close();
      await Deno.remove(folder, { recursive: true });
    }
  });
}

/** Two computers that share notes n1 to n3. */
export async function pair(world: World): Promise<[Computer, Computer]> {
  const [a, b] = [await world.computer("a"), await world.computer("b")];
  for (const id of ["n1", "n2", "n3"]) a.write(id, { title: `${id} at first` });
  await world.settle(a, b);
  return [a, b];
}

/** `fetch` that fails from its nth request on, as if the cable were pulled. */
export function cutAfter(requests: number): typeof fetch {
  return (input, init) => {
    if (requests-- <= 0) return Promise.reject(new TypeError("The cable is pulled"));
    return fetch(input, init);
  };
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

function lines(table: string, rows: Row[]): string[] {
  return rows.map((row) => `${table} ${JSON.stringify(row, Object.keys(row).sort())}`);
}

function without(lines: string[], others: string[]): string[] {
  const set = new Set(others);
  return lines.filter((line) => !set.has(line)).map((line) => line.slice(0, 300));
}
