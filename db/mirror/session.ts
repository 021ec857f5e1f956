import type { Change } from "./changes.ts";
import type { Log } from "../../log.ts";
import { Books } from "./books.ts";
import type { mergeRow } from "./merge.ts";
import { Outbox } from "./outbox.ts";
import type { Remote } from "../remote/remote.ts";
import type { Store } from "../store/store.ts";
import { readTables, type Table } from "../store/tables.ts";

/** Between short transactions, so that others come to write; milliseconds. */
const PAUSE_MS = 1;

/** What the mirror is made of. */
export interface MirrorOptions {
  store: Store;
  remote: Remote;
  log: Log;
  /** What other devices call this one. */
  deviceName: string;
  version: string;
  /** The person agrees that another database than before is merged with what is here. */
  merge?: boolean;
  /** Told of what came from elsewhere, once it is committed. */
  onChanged?: (changes: Change[]) => void;
  /** Told how many rows of a long fetch are here. */
  onProgress?: (done: number, total: number) => void;
  /** How many bytes may come before the reserve of the disk is touched. */
  room?: () => Promise<number>;
  /** SQL of this computer's clock in milliseconds. */
  now?: string;
  /** Called at each step that a crash could hit; tests end the process there. */
  fault?: (point: string) => void;
  /** Rows of a batch and of a page at most. */
  limits?: { batch?: number; page?: number };
  /** How rows are merged. */
  merging?: typeof mergeRow;
}

/** What fetching and sending work with. */
export class MirrorSession {
  readonly options: MirrorOptions;
  readonly store: Store;
  readonly remote: Remote;
  /** The mirrored tables, and the number of their schema. */
  readonly tables: readonly Table[];
  readonly schema: number;
  readonly books: Books;
  readonly outbox: Outbox;
  readonly fault: (point: string) => void;

  constructor(options: MirrorOptions) {
    const { store } = options;
    this.options = options;
    this.store = store;
    this.remote = options.remote;
    this.tables = readTables(store);
    this.schema = store.rows<{ user_version: number }>("PRAGMA user_version")[0]!.user_version;
    this.books = new Books(store);
    this.outbox = new Outbox(store);
    this.fault = options.fault ?? (() => {});
  }
}

/** Lets others write. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}
