import type { MirrorPhase, MirrorState } from "../../db/mirror/messages.ts";

/** A connection that waits for a word of the person: both sides hold data. */
export interface MirrorQuestion {
  url: string;
  deviceName: string;
  localRows: number;
  remoteRows: number;
  /** The names of the devices that use it already. */
  devices: string[];
}

/** What the Mirror screen, `mirror status` and Status show. Never the token. */
export type MirrorReport =
  & { deviceName: string; asking?: MirrorQuestion }
  & ({ phase: "off" } | MirrorState & { url: string });

/** What is known of a connected mirror before its worker has said anything. */
export function unknownState(since: string, error?: MirrorState["error"]): MirrorState {
  return {
    phase: "connecting",
    since,
    pending: 0,
    error,
    notices: [],
    aside: [],
    devices: [],
    listening: false,
    sizes: { pending: 0, tombstones: 0, batches: 0 },
  };
}

/**
 * What of a report a person sees change: two reports with the same text need no new screen. Leaves
 * out what moves all the time while nothing happens.
 */
export function visibleText(report: MirrorReport): string {
  if (report.phase === "off") return JSON.stringify(report);
  const { since, upToDate: _, freshness: _f, sizes: _s, progress, devices, ...shown } = report;
  const steady: MirrorPhase[] = ["current", "behind"];
  return JSON.stringify({
    ...shown,
    since: steady.includes(report.phase) ? "" : since,
    pending: report.phase === "current" ? 0 : report.pending,
    percent: progress && Math.floor(100 * progress.done / Math.max(1, progress.total)),
    devices: devices.map(({ id, name, behind }) => [id, name, behind]),
  });
}
