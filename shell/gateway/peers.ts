import { readProc } from "../process/libc.ts";

/** The other end of a connection. */
export interface Peer {
  /** It showed a session or a token: its connection is bounded no longer. */
  prove(): void;
  /** Whether a program of our own account holds the other end; always true where no system tells. */
  isOurs(): Promise<boolean>;
}

const ESTABLISHED = "01";

/**
 * Whose the other ends of a port's connections are, by address and port. An end that its program has
 * closed already is left out: the system says root's there.
 *
 * @param port Ours, on 127.0.0.1.
 * @param tables `/proc/net/tcp` and `/proc/net/tcp6` (proc(5)), one after the other.
 */
export function uidsIn(tables: string, port: number): Map<string, number> {
  const ours = written(port);
  const uids = new Map<string, number>();
  for (const line of tables.split("\n")) {
    if (!line.includes(ours)) continue;
    const [, local = "", remote = "", state, , , , uid] = line.trim().split(/\s+/);
    // An IPv6 socket reaches us by ::ffff:127.0.0.1; the last four bytes are the same then.
    if (state === ESTABLISHED && remote.endsWith(ours)) uids.set(addressOf(local), Number(uid));
  }
  return uids;
}

/**
 * Whether the tables hold a port that is listened at. Where a confined program can't read them, or
 * a system keeps them empty, they hold none, and nobody may be taken for a stranger by them.
 */
export function tellsOf(tables: string, port: number): boolean {
  return tables.includes(written(port));
}

/** Our own address as it stands in the tables. */
function written(port: number): string {
  return `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** `0100007F:1F90`, bytes of the address reversed, as `127.0.0.1:8080`. */
function addressOf(text: string): string {
  const [address = "", port = ""] = text.split(":");
  const bytes = address.slice(-8).match(/../g) ?? [];
  return `${bytes.toReversed().map((byte) => parseInt(byte, 16)).join(".")}:${parseInt(port, 16)}`;
}

/** Ports that the system has told of. If it doesn't later, its tables can't be read for a while. */
const told = new Set<number>();

/**
 * As `uidsIn`, of now; `undefined` where the system tells nobody, or not this program. Where it did
 * before, nobody's account is known: who uses up our descriptors must not gain by it.
 *
 * @param read For tests.
 */
export async function findUids(
  port: number,
  read = readProc,
): Promise<Map<string, number> | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  const tables = await read("/proc/net/tcp") + await read("/proc/net/tcp6");
  if (tellsOf(tables, port)) told.add(port);
  return told.has(port) ? uidsIn(tables, port) : undefined;
}
