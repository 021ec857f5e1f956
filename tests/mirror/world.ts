import { statementOf, type Tables, type Write, writesOf } from "./changes.ts";
import { type BookRow, type Device, placeOf, stampsOf } from "./devices.ts";
import { Conflicts, differences, hashOf } from "./equal.ts";
import { Model, type Push, type Stamps } from "./model.ts";
import { type Change, DEVICES } from "./operations.ts";
import { RemoteView } from "./remote_view.ts";
import { Texts } from "./texts.ts";

/** Milliseconds on the clocks from one step to the next. */
const STEP_MS = 7;

/** The remote at the moment when it sent a page. */
export interface Snapshot {
  rows: Model["remote"];
  places: RemoteView["places"];
}

/** The real devices and the real remote, and the model that hears of all that happens to them. */
export class World {
  readonly devices: Device[] = [];
  /** All that was done, a line each. */
  readonly trace: string[] = [];
  /** How far each device's clock is off, in milliseconds. */
  readonly offsets: number[] = new Array(DEVICES).fill(0);
  /** How many steps were made. */
  steps = 0;
  readonly #remote: RemoteView;
  readonly #begun = Date.now();
  readonly #model = new Model(DEVICES);
  readonly #texts = new Texts();
  readonly #conflicts = new Conflicts();
  readonly #graves: string[] = [];

  constructor(url: string) {
    this.#remote = new RemoteView(url);
  }

  /** The number of the remote's newest batch. */
  get newest(): number {
    return this.#remote.newest;
  }

  /** What a device's clock says. */
  clock(device: number): number {
    return this.#begun + this.steps * STEP_MS + this.offsets[device]!;
  }

  /** A person changes something on a device. */
  change(number: number, change: Change): void {
    const device = this.devices[number]!;
    const before = device.tables();
    const now = this.clock(number);
    const writes = writesOf(change, placeOf(before, this.steps, now, this.#graves));
    device.clock = now;
    device.write(writes, before);
    this.#told(writes, before);
    for (const { table, id, values } of writes) {
      this.#model.write(number, table, this.#conflicts.idOf(table, id), values);
    }
    this.restamp(number);
  }

  /** Somebody changes something on the remote by plain SQL. */
  async changeThere(change: Change): Promise<void> {
    const before = await this.#remote.tables();
    const writes = writesOf(change, placeOf(before, this.steps, this.#begun, this.#graves));
    for (const write of writes) {
      const statement = statementOf(write, before[write.table].get(write.id));
      if (statement) await this.#remote.execute(statement);
    }
    this.#told(writes, before);
    const { books } = await this.#remote.hear();
    const stamps = this.#stampsIn(books);
    for (const { table, id, values } of writes) {
      this.#model.writeRemotely(table, id, values, stamps);
    }
  }

  /** What a device would send now. */
  push(device: number): Push {
    return this.#model.push(device);
  }

  /** To be called after each push: tells the model what the remote has taken of it. */
  async pushed(device: number, push: Push): Promise<void> {
    const { books, batches } = await this.#remote.hear();
    if (batches.length === 0) return;
    const taken: Push = new Map();
    for (const { tbl, id } of books) {
      const key = `${tbl}/${this.#conflicts.idOf(tbl, id)}`;
      const cells = push.get(key);
      if (cells) taken.set(key, cells);
    }
    this.note(`device ${device}: the remote takes ${taken.size} rows as ${batches}`);
    this.#model.accept(device, taken, this.#stampsIn(books));
  }

  /** The remote as it is now. */
  snapshot(): Snapshot {
    return { rows: this.#model.remote, places: this.#remote.places };
  }

  /** Tells the model that a device has taken over a page, of the remote as it was then. */
  pulled(number: number, { rows, places }: Snapshot): void {
    const device = this.devices[number]!;
    const [seq, n] = device.cursor();
    this.#model.pull(number, rows, (table, id) => {
      const place = places.get(`${table}/${this.#conflicts.realId(table, id)}`) ?? [0, 0];
      return place[0] < seq || (place[0] === seq && place[1] <= n);
    });
    this.#conflicts.learn(device.tables().conflicts);
    this.restamp(number);
  }

  /** Lets the model know the stamps of what waits on a device. */
  restamp(number: number): void {
    this.#model.restamp(number, this.#stampsIn(this.devices[number]!.books()));
  }

  /** In what a device isn't as the model says. */
  differences(number: number): string[] {
    const tables = this.devices[number]!.tables();
    return differences(`device ${number}`, tables, this.#model, number);
  }

  /** What is wrong once nothing is on its way any more. */
  async wrong(): Promise<string[]> {
    const remote = await this.#remote.tables();
    const wrong = differences("the remote", remote, this.#model, "remote");
    const hash = await hashOf(remote);
    for (const device of this.devices) {
      const name = `device ${device.number}`;
      if (await hashOf(device.tables()) !== hash) wrong.push(`${name} isn't what the remote is`);
      const { pending, aside } = device.left();
      if (pending + aside > 0) wrong.push(`${name} has ${pending} waiting, ${aside} set aside`);
    }
    return [...wrong, ...this.#texts.check(remote)];
  }

  note(what: unknown): void {
    const text = typeof what === "string" ? what : JSON.stringify(what);
    this.trace.push(`${String(this.steps).padStart(4)}  ${text}`);
  }

  close(): void {
    this.#remote.close();
    for (const device of this.devices) device.close();
  }

  #told(writes: Write[], before: Tables): void {
    for (const write of writes) {
      const { table, id, values } = write;
      this.#texts.wrote(write, before[table].get(id));
      // Nobody gives a row the id of another that he can't have heard of.
      const isSent = this.#model.table("remote", table).has(id);
      if (table === "notes" && values === undefined && isSent) this.#graves.push(id);
      this.trace.push(`        ${table} ${id}: ${JSON.stringify(values)}`);
    }
  }

  #stampsIn(books: BookRow[]): Stamps {
    const stamps = stampsOf(books);
    return (table, id, column) => stamps(table, this.#conflicts.realId(table, id), column);
  }
}
