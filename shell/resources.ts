import { join } from "node:path";

/** What the build knows of itself; `build_info.json`. */
export interface BuildInfo {
  version: string;
  /** By name of the part. */
  versions: Record<string, string>;
}

/** The app's own names; `app.json`. Another app on the same shell brings another file. */
export interface App {
  /** Lower case: folder and file names. */
  name: string;
  /** The window's title. */
  title: string;
  /** The route opened first. */
  home: string;
}

