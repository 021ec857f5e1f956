import { join } from "node:path";
import { EMBEDDED } from "../config/app.ts";

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

/** Where in the program's own file each payload begins; `undefined` from the sources. */
export function readOffsets(): Record<string, number> | undefined {
  try {
    return readJson("payloads/offsets.json");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function readJson<T>(name: string): T {
  return JSON.parse(Deno.readTextFileSync(join(EMBEDDED, name)));
}
