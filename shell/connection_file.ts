import { dirname, join } from "node:path";
import type { MirrorTarget } from "../db/mirror_messages.ts";

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
    const draft = `${this.#path}.new`;
    const options = { create: true, write: true, truncate: true, mode: 0o600 } as const;
    {
      using file = Deno.openSync(draft, options);
      const bytes = new TextEncoder().encode(JSON.stringify(connection));
      for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
      file.syncSync();
    }
    Deno.renameSync(draft, this.#path);
    this.#syncFolder();
  }

  /** Forgets address and token; fine if there is nothing to forget. */
  remove(): void {
    for (const path of [this.#path, `${this.#path}.new`]) {
      try {
        Deno.removeSync(path);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    this.#syncFolder();
  }

  #syncFolder(): void {
    // Windows has no such thing.
    if (Deno.build.os === "windows") return;
    using folder = Deno.openSync(dirname(this.#path));
    folder.syncSync();
  }
}
