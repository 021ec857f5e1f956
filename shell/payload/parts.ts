import { join } from "node:path";
import { useAddon } from "../../db/store/native_addon.ts";
import type { Config } from "../config/config.ts";
import type { Command } from "../process/child.ts";
import { ArchiveFile } from "./archive.ts";
import { ensurePayload, type Payload } from "./payload.ts";
import { FOLDERS, readOffsets } from "./resources.ts";
import type { Progress } from "./unpack.ts";

/** What the library of the portable window is called, by system. */
const WINDOW_LIBRARY: Partial<Record<typeof Deno.build.os, string>> = {
  darwin: "libwebview.dylib",
  windows: "libwebview.dll",
};

/** How a part is asked for. */
interface Asked {
  /** Whether files that look untouched are taken for right. @default {false} */
  believing?: boolean;
  onProgress?: Progress;
  signal?: AbortSignal;
}

/**
 * The unpacked parts of the program. Each is unpacked when it is first asked for; until `doubt` the
 * answer is then believed.
 */
export class Parts {
  readonly #cacheDir: string;
  readonly #source: string;
  readonly #app: string;
  readonly #portable: boolean;
  readonly #held = new Map<string, Promise<Payload>>();
  readonly #doubted = new Set<string>();
  readonly #offsets = readOffsets();
  /** The program itself; opened now, as an update may put another file in its place. */
  readonly #program = this.#offsets === undefined ? undefined : new ArchiveFile(Deno.execPath());

  /**
   * Opens the program's own file; the folder is made when it is needed.
   *
   * @param source The folder with the packed parts.
   */
  constructor({ paths, app }: Pick<Config, "paths" | "app">, source: string = FOLDERS.payloads) {
    this.#source = source;
    this.#cacheDir = paths.cache;
    this.#app = app.name;
    this.#portable = paths.portable;
  }

  /**
   * Makes the database library loadable, and tells other threads where its native part lies; from
   * the sources, the package's own copy is found.
   *
   * @throws {ErthError} `PAYLOAD_NOEXEC` if the system refuses to load it.
   */
  async store(): Promise<string | undefined> {
    if (!Deno.build.standalone) return undefined;
    const { folder } = await this.#part("store");
    const addon = join(folder, "libsql.node");
    useAddon(addon);
    return addon;
  }

  /**
   * How the bundled sidecar is started. What looks untouched is believed for now, as a start waits
   * for it: `recheckSidecar` has to follow. `onProgress` is called while it is unpacked.
   */
  async sidecar(onProgress: Progress, signal: AbortSignal): Promise<Omit<Command, "env">> {
    // A stick may have been elsewhere meanwhile, in whatever computer wrote to it in whatever way.
    const believing = !this.#portable;
    const { folder } = await this.#part("sidecar", { onProgress, signal, believing });
    return { command: join(folder, `${this.#app}-sidecar`), args: [], cwd: folder };
  }

  /**
   * Hashes the sidecar in a thread of its own, if it was only believed; false if it isn't what it
   * should be: asked for the next time it is unpacked anew.
   */
  async recheckSidecar(): Promise<boolean> {
    const payload = await this.#held.get("sidecar");
    if (payload === undefined || !payload.believed || await payload.recheck()) return true;
    this.#doubted.add("sidecar");
    return false;
  }

  /** The folder with llama.cpp; `undefined` from the sources, where the environment has it. */
  async llama(signal: AbortSignal): Promise<string | undefined> {
    if (!Deno.build.standalone) return undefined;
    return (await this.#part("llama", { signal })).folder;
  }

  /** The library of the portable window. */
  async window(): Promise<string> {
    const { folder } = await this.#part("window");
    return join(folder, WINDOW_LIBRARY[Deno.build.os] ?? "libwebview.so");
  }

  /** Hashes everything anew when it is next asked for. What is in use stays protected. */
  doubt(): void {
    for (const name of this.#held.keys()) this.#doubted.add(name);
  }

  /** Lets go of everything, at the end. */
  close(): void {
    for (const payload of this.#held.values()) payload.then((held) => held.release(), () => {});
    this.#held.clear();
    this.#program?.[Symbol.dispose]();
  }

  #part(name: string, asked: Asked = {}): Promise<Payload> {
    const before = this.#held.get(name);
    const doubted = this.#doubted.delete(name);
    if (before !== undefined && !doubted) return before;
    const payload = this.#ensure(name, doubted ? { ...asked, believing: false } : asked);
    this.#held.set(name, payload);
    payload.then(
      () => before?.then((held) => held.release(), () => {}),
      () => {
        if (this.#held.get(name) !== payload) return;
        // What was had before may still run: its lock has to stay.
        if (before === undefined) this.#held.delete(name);
        else this.#held.set(name, before);
        if (before !== undefined) this.#doubted.add(name);
      },
    );
    return payload;
  }

  async #ensure(name: string, asked: Asked): Promise<Payload> {
    const offset = this.#offsets?.[name];
    const archive = offset === undefined || this.#program === undefined
      ? undefined
      : { file: this.#program, offset };
    const source = this.#source;
    return await ensurePayload({ source, name, archive, cacheDir: this.#cacheDir, ...asked });
  }
}
