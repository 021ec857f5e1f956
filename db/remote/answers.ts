import type { Value } from "../store/tables.ts";

/** What the remote says of itself. */
export interface Head {
  /** Which database it is. */
  remote: string;
  schema: number;
  /** The newest batch, `SEQ-ID`. */
  head: string;
  /** Batches and tombstones before this one are gone. */
  trimmed: number;
  /** Its clock, in milliseconds. */
  now: number;
}

/** What became of a device's last words there. */
export interface Since {
  /** Whether the remote has the batch that this device saw last. */
  known: boolean;
  /** The id of the one after it. */
  next: string | null;
  /** Batches of this device's name after it; `next` among them. */
  own: number;
  /** Rows to fetch. */
  rows: number;
  /** What the devices are called, by their id. */
  names: Record<string, string>;
}

/** A page of the remote's rows. */
export interface Page {
  /** JSON as text or JSONB: `[[table, id, stamp, cells, deleted, values]]`. */
  rows: Uint8Array;
  /** The values of rows that are too large to travel with the others. */
  large: { table: string; id: string; values: Record<string, Value> }[];
}

/** A page with where it ends. */
export interface RemotePage extends Page {
  count: number;
  cursor: [seq: number, n: number];
  /** Whether others follow. */
  more: boolean;
}

/** Who shares the remote, and what its books and files take. */
export interface Company {
  devices: RemoteDevice[];
  sizes: Record<"tombstones" | "batches" | "remoteBytes", number>;
}

/** A device as the remote knows it. */
export interface RemoteDevice {
  id: string;
  name: string;
  seen: string;
  behind: number;
}

/** What a database at an address holds, before it is connected. */
export interface MirrorProbe {
  /** `empty`: nothing; `erth`: an Erth's data; `foreign`: tables that aren't Erth's. */
  remote: "empty" | "erth" | "foreign";
  /** Whether it is the one that this database was mirrored to last. */
  known: boolean;
  /** Rows that a person wrote, on each side. */
  remoteRows: number;
  localRows: number;
  devices: string[];
}

/** The number and the id of a batch written `SEQ-ID`. */
export function parseHead(head: string): [seq: number, id: string] {
  const dash = head.indexOf("-");
  return [Number(head.slice(0, dash)), head.slice(dash + 1)];
}
