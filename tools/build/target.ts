import { join, resolve } from "node:path";
import type { App } from "../../shell/config/app.ts";
import { ROOT } from "../steps/steps.ts";

/** What a program is made of: Erth itself, or another app on its shell. */
export interface Target {
  app: App;
  /** Its sources; those of Erth are the project's own folder. */
  folder: string;
  /** Whether it is Erth itself. */
  own: boolean;
  /** Its SQL files; the folder need not be there. */
  migrations: string;
  /** Where its parts are put together. */
  work: string;
  /** The one file. */
  program: string;
  /** Its licences and those of everything inside it. */
  licenses: string;
}

/** The folder named by `--app FOLDER`, and the other arguments. */
export function takeApp(args: readonly string[]): { folder: string; rest: string[] } {
  const at = args.indexOf("--app");
  if (at < 0) return { folder: ROOT, rest: [...args] };
  const folder = args[at + 1];
  if (folder === undefined) throw new Error("Cannot build as '--app' names no folder");
  return { folder: resolve(ROOT, folder), rest: args.toSpliced(at, 2) };
}

/**
 * Reads an app's folder.
 *
 * @throws {Error} if there is no `app.json`, or a name in it can't be a file's name everywhere.
 */
export async function readTarget(folder: string): Promise<Target> {
  const app = await readNames(folder);
  const own = folder === ROOT;
  const dist = (name: string) => join(ROOT, "dist", name);
  return {
    app,
    folder,
    own,
    migrations: own ? join(ROOT, "db", "migrations") : join(folder, "migrations"),
    work: own ? join(ROOT, "build") : join(ROOT, "build", "apps", app.name),
    program: dist(Deno.build.os === "windows" ? `${app.name}.exe` : app.name),
    licenses: dist(own ? "licenses.txt" : `${app.name}-licenses.txt`),
  };
}

/** How a step of a target is called; stamps of several apps lie side by side. */
export function stepName({ app, own }: Target, part: string): string {
  return own ? part : `${part} of ${app.name}`;
}

/** What a file of any system may be called, each with a pattern and in words. */
const RULES = {
  name: [/^[a-z][a-z0-9-]{0,31}$/, "lower-case letters, digits and hyphens"],
  title: [/^[^\\/:*?"<>|.][^\\/:*?"<>|\p{Cc}]{0,63}$/u, 'a text without \\ / : * ? " < > |'],
  home: [/^[\w-]+(\/[\w-]+)*$/, "a route such as notes"],
} as const;

async function readNames(folder: string): Promise<App> {
  const path = join(folder, "app.json");
  const text = await Deno.readTextFile(path).catch(() => {
    throw new Error(`Cannot build ${folder} as it has no app.json`);
  });
  const app: App = JSON.parse(text);
  for (const [field, [pattern, words]] of Object.entries(RULES)) {
    const value: unknown = app[field as keyof typeof RULES];
    if (typeof value === "string" && pattern.test(value)) continue;
    throw new Error(`Cannot build ${path} as '${field}' must be ${words}: value is ${value}`);
  }
  if (app.name === "erth" && folder !== ROOT) {
    throw new Error(`Cannot build ${path} as 'name' must not be Erth's own: value is erth`);
  }
  return app;
}
