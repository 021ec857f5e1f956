import type { MirrorTarget } from "../../db/remote/target.ts";
import { join } from "node:path";
import { removePrivately, replacePrivately } from "../config/private_file.ts";

/** What is kept of a connection to a remote. */
export interface Connection extends MirrorTarget {
  /** What other devices call this one. */
  deviceName: string;
  /** Both sides may be merged, but haven't been yet. */
  merge?: boolean;
}

/** `mirror.json` in the data folder, mode 0600: the only place where the remote's token is kept. */
export class ConnectionFile {
  readonly #path: string;

  /** @param data The data folder. */
  constructor(data: string) {
    this.#path = join(data, "mirror.json");
  }

  /** `undefined` if there is none. What isn't a connection counts as none. */
  read(): Connection | undefined {
    try {
      const read: Partial<Connection> = JSON.parse(Deno.readTextFileSync(this.#path));
      const { url, token, deviceName, merge } = read;
      if (![url, token, deviceName].every((text) => typeof text === "string")) return undefined;
      return { url: url!, token: token!, deviceName: deviceName!, ...merge ? { merge } : {} };
    } catch {
      return undefined;
    }
  }

  /** Replaces it whole, so that a power cut leaves the old one or the new one. */
  write(connection: Connection): void {
    replacePrivately(this.#path, JSON.stringify(connection));
  }

  /** Forgets address and token; fine if there is nothing to forget. */
  remove(): void {
    removePrivately(this.#path);
  }
}
