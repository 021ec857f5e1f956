import { dirname, join } from "node:path";
import type { App } from "./app.ts";

/** Where this instance keeps its files. All absolute. */
export interface Paths {
  /** The database, models, settings. */
  data: string;
  /** The unpacked payload; may be deleted at any time. */
  cache: string;
  /** Log files. */
  logs: string;
  /** Everything stays inside `data`. */
  portable: boolean;
}

/** What the platform directories are worked out from. */
export interface Surroundings {
  os: typeof Deno.build.os;
  /** The absolute path of the running binary. */
  executable: string;
  environment: (name: string) => string | undefined;
  isDirectory: (path: string) => boolean;
}

/** What a person and the app say about the place. */
export interface Wishes {
  app: Pick<App, "name" | "title">;
  data?: string;
  portable: boolean;
}

/**
 * The folders to use: `data` if given, else `NAME-data/` beside the binary if it is there or
 * `portable` asks for it, else the platform's own (XDG Base Directory Specification 0.8, Apple's
 * File System Programming Guide, Windows Known Folders).
 */
export function findPaths({ app, data, portable }: Wishes, around: Surroundings): Paths {
  if (data !== undefined) return within(data, portable);
  const beside = join(dirname(around.executable), `${app.name}-data`);
  if (portable || around.isDirectory(beside)) return within(beside, true);
  return { ...platformFolders(app, around), portable: false };
}

function within(data: string, portable: boolean): Paths {
  return { data, cache: join(data, "cache"), logs: join(data, "logs"), portable };
}

function platformFolders(
  { name, title }: Wishes["app"],
  around: Surroundings,
): Omit<Paths, "portable"> {
  const env = around.environment;
  if (around.os === "windows") {
    const local = env("LOCALAPPDATA") ?? join(env("USERPROFILE") ?? "C:\\", "AppData", "Local");
    const data = join(local, title);
    return { data, cache: join(data, "cache"), logs: join(data, "logs") };
  }
  const home = env("HOME") ?? "/";
  if (around.os === "darwin") {
    const library = join(home, "Library");
    return {
      data: join(library, "Application Support", title),
      cache: join(library, "Caches", title),
      logs: join(library, "Logs", title),
    };
  }
  const xdg = (variable: string, fallback: string) => {
    const value = env(variable);
    // The specification: a relative path here is invalid and to be ignored.
    return join(value?.startsWith("/") ? value : join(home, fallback), name);
  };
  return {
    data: xdg("XDG_DATA_HOME", ".local/share"),
    cache: xdg("XDG_CACHE_HOME", ".cache"),
    logs: join(xdg("XDG_STATE_HOME", ".local/state"), "logs"),
  };
}
