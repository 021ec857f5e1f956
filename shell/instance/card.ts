import { join } from "node:path";
import type { Log } from "../../log.ts";

/** What runs with a data folder: the window, `serve`, or a command that will soon be done. */
export type Kind = "window" | "serve" | "command";

/** How other commands reach the running instance; the content of `instance.json`, mode 0600. */
export interface Running {
  /** The address with prefix and slash. */
  url: string;
  /** The bearer token of scripts. */
  token: string;
  pid: number;
  version: string;
  kind: Kind;
}

/**
 * Tells other commands how to reach the instance that has the folder. One that can't be written to
 * costs the card, not the window that says so.
 */
export function publishCard(data: string, running: Running, log: Log): void {
  // Not synced, as it means nothing to whoever starts after a power cut.
  const draft = `${cardIn(data)}.new`;
  try {
    Deno.writeTextFileSync(draft, JSON.stringify(running), { mode: 0o600 });
    Deno.renameSync(draft, cardIn(data));
  } catch (error) {
    log.warn("instance.unpublished", { error });
  }
}

/** Takes that back. A card that isn't there, in a folder that may be gone, misleads nobody. */
export function withdrawCard(data: string): void {
  try {
    Deno.removeSync(cardIn(data));
  } catch {
    // See above.
  }
}

/**
 * The card in a folder, if there is one and it is whole. It isn't to be believed yet: whoever wrote
 * it may be gone, and another program may listen at its address.
 */
export async function readCard(data: string): Promise<Running | undefined> {
  try {
    const { url, token, pid, version, kind } = JSON.parse(await Deno.readTextFile(cardIn(data)));
    if (!/^http:\/\/127\.0\.0\.1:\d{1,5}\/[\w-]+\/$/.test(url)) return undefined;
    if (typeof token !== "string" || token === "" || !Number.isInteger(pid)) return undefined;
    return { url, token, pid, version: String(version), kind };
  } catch {
    return undefined;
  }
}

function cardIn(data: string): string {
  return join(data, "instance.json");
}
