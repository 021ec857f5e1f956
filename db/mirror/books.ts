import type { Store } from "../store/store.ts";
import type { MirrorNotice } from "./messages.ts";

/** A batch that was sent and whose answer isn't known: what it held of the waiting changes. */
export interface Attempt {
  id: string;
  /** The newest batch it was made upon, `SEQ-ID`. */
  base: string;
  /** It holds the changes numbered up to here. */
  upto: number;
  /** The number of the latest change when it was made. */
  made: number;
  /** Whether `prior` tells of each row that has changed since if it is in it. */
  exact: boolean;
}

/** How far this device has got; kept in `mirror_state`. */
export interface Position {
  /** Which database the remote is. */
  remote: string;
  /** The newest batch whose rows are all here, `SEQ-ID`; `0-` before the first. */
  head: string;
  /** The last row fetched: its batch, and its place in it. */
  cursor: [seq: number, n: number];
  /** The newest batch there when the fetch that is under way began, `SEQ-ID`. */
  begun?: string;
  attempts: Attempt[];
  /** An accepted attempt whose changes are still being crossed out. */
  accepted?: Attempt;
  /** A number for each look at all rows; a row that none touches isn't on the remote. */
  round: number;
  /** All rows are being compared: batches of our own name are no surprise. */
  comparing?: boolean;
  /** Rows that this round doesn't touch were deleted there. */
  afresh?: boolean;
  /** Another device has our name. */
  copied?: boolean;
}

/** A cursor at the end of a batch. */
export const END = Number.MAX_SAFE_INTEGER;

/** The position of a device that knows nothing of the remote. */
export const START: Omit<Position, "remote" | "round"> = {
  head: "0-",
  cursor: [0, 0],
  attempts: [],
};

/** The mirror's memory between its steps, in the same file and transactions as the data. */
export class Books {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Undefined before the first contact. */
  get position(): Position | undefined {
    return this.#read<Position>("position");
  }

  set position(position: Position) {
    this.#write("position", position);
  }

  /** What happened and was mended, until the person has seen it. */
  get notices(): MirrorNotice[] {
    return this.#read<MirrorNotice[]>("notices") ?? [];
  }

  set notices(notices: MirrorNotice[]) {
    this.#write("notices", notices);
  }

  /** What stamps are signed with. */
  get device(): string {
    return this.#store.rows<{ device: string }>("SELECT device FROM mirror_clock")[0]!.device;
  }

  #read<T>(key: string): T | undefined {
    const [row] = this.#store.rows<{ value: string }>(
      "SELECT value FROM mirror_state WHERE key = ?",
      key,
    );
    return row === undefined ? undefined : JSON.parse(row.value);
  }

  #write(key: string, value: unknown): void {
    this.#store.change(
      "INSERT INTO mirror_state (key, value) VALUES (?, ?) " +
        "ON CONFLICT DO UPDATE SET value = excluded.value",
      key,
      JSON.stringify(value),
    );
  }
}
