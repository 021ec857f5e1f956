import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The app's own names; `app.json`. Another app on the same shell brings another file. */
export interface App {
  /** Lower case: names of the program, of folders and files. */
  name: string;
  /** The window's title, and how the app calls itself in its words. */
  title: string;
  /** One line of its help. */
  about?: string;
  /** The route opened first. */
  home: string;
  /**
   * Commands beyond those that every app has. `ask` and `note`: its sidecar can answer them;
   * `mirror`: its schema has the mirror's tables; `model`: its sidecar uses models, and llama.cpp
   * comes along; `library`: its sidecar keeps files.
   */
  commands?: readonly ("ask" | "note" | "mirror" | "model" | "library")[];
  /** @default The shell's own version. */
  version?: string;
}

/** What the build lays beside the program, or inside it. */
export const EMBEDDED = fileURLToPath(new URL("../../build/embed/", import.meta.url));

/** The app's own names. */
export function readApp(): App {
  return JSON.parse(Deno.readTextFileSync(join(EMBEDDED, "app.json")));
}

/** Whether an app has a command; its sidecar must be able to answer those beyond the shell's. */
export function isOffered({ commands = [] }: App, command: string): boolean {
  const extra = ["ask", "library", "mirror", "model", "note"] as const;
  return !extra.some((it) => it === command && !commands.includes(it));
}
