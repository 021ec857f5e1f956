import type { MirrorTarget } from "../remote/target.ts";
import type { MirrorProbe } from "../remote/answers.ts";
import type { ErrorCode } from "../../errors.ts";
import type { Level } from "../../log.ts";

/** Where the mirror stands. */
export type MirrorPhase =
  /** First contact since the start, or a first load from a full remote. */
  | "connecting"
  | "loading"
  /** The remote can't be reached: a state, not an error. */
  | "offline"
  /** Something waits to be sent or fetched. */
  | "behind"
  | "current"
  /** Only a person can help: see `error`. */
  | "stopped";

/** A device that shares the remote. */
export interface MirrorDevice {
  id: string;
  name: string;
  /** When it was last heard of, UTC. */
  seen: string;
  /** Batches of the remote that it hasn't fetched yet. */
  behind: number;
  /** This one. */
  own: boolean;
}

/** A row that one side refuses; the rest goes on without it. */
export interface MirrorAside {
  table: string;
  id: string;
  /** `push`: the remote refuses it; `pull`: this database does. */
  direction: "push" | "pull";
  code: ErrorCode;
  reason: string;
  at: string;
}

/** What happened to the remote or to this folder, and was mended; shown until it is dismissed. */
export interface MirrorNotice {
  code: ErrorCode;
  at: string;
}

/** All that the Mirror screen and `mirror status` show of a connected mirror. */
export interface MirrorState {
  phase: MirrorPhase;
  /** When this phase began, UTC. */
  since: string;
  /** When both sides were last known to be equal, UTC. */
  upToDate?: string;
  /** Rows with changes that the remote doesn't have yet. */
  pending: number;
  /** Rows of a first load or a comparison: fetched so far, and all. */
  progress?: { done: number; total: number };
  /** Why it is stopped, or what keeps it offline. */
  error?: { code: ErrorCode; detail: string };
  notices: MirrorNotice[];
  aside: MirrorAside[];
  devices: MirrorDevice[];
  /** Milliseconds from a commit here to its acceptance there, of the latest batch. */
  freshness?: number;
  /** Whether the remote tells of news by itself. */
  listening: boolean;
  /** Rows on the change log's two sides, and bytes of the remote database where it tells. */
  sizes: { pending: number; tombstones: number; batches: number; remoteBytes?: number };
}

/** How the worker opens this side. */
export interface MirrorStart extends MirrorTarget {
  database: string;
  synchronous: "NORMAL" | "FULL";
  /** What other devices call this one. */
  deviceName: string;
  version: string;
  /** The database library's native part, where it is unpacked. */
  addon?: string;
  /** Where this process is to end as by a power cut, `POINT:NTH`: for tests. */
  fault?: string;
  /** The person has agreed that both sides are merged, or that another database takes the place. */
  merge: boolean;
}

/** What the shell tells the worker. */
export type MirrorOrder =
  | { order: "probe"; call: number; options: MirrorStart }
  | { order: "start"; options: MirrorStart }
  /** Something was committed here. */
  | { order: "committed" }
  /** Whether a page is in sight: news are fetched more often. */
  | { order: "front"; front: boolean }
  /** Bring everything up to date now; `done` tells when it is, or why not. Retries what is aside. */
  | { order: "now"; call: number }
  | { order: "forget"; call: number; device: string }
  | { order: "dismiss" }
  /** Ends in order: what is under way is finished within two seconds. */
  | { order: "stop" };

/** What the worker tells the shell. */
export type MirrorMessage =
  | { message: "state"; state: MirrorState }
  /** What came from elsewhere, for the pages. */
  | { message: "changed"; changes: { topic: string; id?: string }[] }
  | { message: "probed"; call: number; probe: MirrorProbe }
  | { message: "done"; call: number; error?: { code: ErrorCode; detail: string } }
  | { message: "log"; level: Level; event: string; details: Record<string, unknown> }
  | { message: "stopped" };
