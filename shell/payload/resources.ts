import { join } from "node:path";
import { useAddon } from "../../db/store/native_addon.ts";
import { EMBEDDED } from "../config/app.ts";
import type { Command } from "../process/child.ts";
import type { Config } from "../config/config.ts";
import { ensurePayload, type Payload } from "./payload.ts";
import type { Archive, Progress } from "./unpack.ts";

/** What the build knows of itself; `build_info.json`. */
export interface BuildInfo {
  version: string;
  /** By name of the part. */
  versions: Record<string, string>;
}

/** The folders inside the program. */
export const FOLDERS = {
  site: join(EMBEDDED, "site"),
  migrations: join(EMBEDDED, "migrations"),
  payloads: join(EMBEDDED, "payloads"),
} as const;

/** The build's own description. */
export function readBuild(): BuildInfo {
  return readJson("build_info.json");
}

/** Whether the app has a schema of its own, and so a database. */
export function hasDatabase(): boolean {
  return [...Deno.readDirSync(FOLDERS.migrations)].length > 0;
}

/** The window's icon, a PNG; `undefined` if the app has none. */
export function readIcon(): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Deno.readFileSync(join(EMBEDDED, "icon.png"));
  } catch {
    return undefined;
  }
}

/** The library of the portable window, if this window is to be one. */
export async function windowLibrary(config: Config): Promise<string | undefined> {
  if (config.window.backend === "system" && Deno.build.os === "linux") return undefined;
  return await new Parts(config.paths.cache, config.app.name).window();
}

/**
 * The unpacked parts of the program. Each is unpacked when it is first asked for; until `forget` the
 * answer is then believed.
 */
export class Parts {
  readonly #cacheDir: string;
  readonly #held = new Map<string, Promise<Payload>>();

  readonly #app: string;

  /**
   * @param cacheDir Made if it isn't there.
   * @param app The app's name.
   */
  constructor(cacheDir: string, app: string) {
    this.#cacheDir = cacheDir;
    this.#app = app;
  }

  /**
   * Makes the database library loadable, and tells other threads where its native part lies; from
   * the sources, the package's own copy is found.
   */
  async store(): Promise<string | undefined> {
    if (!Deno.build.standalone) return undefined;
    const { folder } = await this.#part("store");
    const addon = join(folder, "libsql.node");
    useAddon(addon);
    return addon;
  }

  /** How the bundled sidecar is started. `onProgress` is called while it is unpacked. */
  async sidecar(onProgress: Progress, signal: AbortSignal): Promise<Omit<Command, "env">> {
    const { folder } = await this.#part("sidecar", onProgress, signal);
    return { command: join(folder, `${this.#app}-sidecar`), args: [], cwd: folder };
  }

  /** The folder with llama.cpp; `undefined` from the sources, where the environment has it. */
  async llama(signal: AbortSignal): Promise<string | undefined> {
    if (!Deno.build.standalone) return undefined;
    return (await this.#part("llama", undefined, signal)).folder;
  }

  /** The folder of the portable window library. */
  async window(): Promise<string> {
    return (await this.#part("window")).folder;
  }

  /** Verifies everything anew when it is next asked for. */
  forget(): void {
    for (const payload of this.#held.values()) payload.then((held) => held.release(), () => {});
    this.#held.clear();
  }

  #part(name: string, onProgress?: Progress, signal?: AbortSignal): Promise<Payload> {
    let payload = this.#held.get(name);
    if (payload === undefined) {
      const source = FOLDERS.payloads;
      const options = { source, name, archive: archiveOf(name), cacheDir: this.#cacheDir, signal };
      payload = ensurePayload({ ...options, onProgress });
      payload.catch(() => this.#held.delete(name));
      this.#held.set(name, payload);
    }
    return payload;
  }
}

/** Where a payload lies in the program's own file; `undefined` if it lies among the embedded ones. */
function archiveOf(name: string): Archive | undefined {
  try {
    const offset = readJson<Record<string, number>>("payloads/offsets.json")[name];
    // Should an update have put a newer program there, the blocks' hashes won't fit.
    return offset === undefined ? undefined : { path: Deno.execPath(), offset };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function readJson<T>(name: string): T {
  return JSON.parse(Deno.readTextFileSync(join(EMBEDDED, name)));
}
