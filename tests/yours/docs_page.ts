import { dirname, join } from "node:path";
import { ROOT } from "../harness.ts";

/** What docs/make-it-yours.md tells its reader to do. */
export interface DocsPage {
  /** Texts of files by path, `guestbook/app.json` and so on. */
  files: ReadonlyMap<string, string>;
  /** What is to be typed, in order; each may have several lines. */
  commands: readonly string[];
}

/** A line with a path in backticks, an empty line, and a fenced block. */
const FILE = /^`([\w./-]+)`\n\n```\w+\n([\s\S]*?\n)```$/gm;
const COMMANDS = /^```sh\n([\s\S]*?)```$/gm;

/** Reads the page as its reader does. */
export async function readDocsPage(): Promise<DocsPage> {
  const text = await Deno.readTextFile(join(ROOT, "docs", "make-it-yours.md"));
  return {
    files: new Map([...text.matchAll(FILE)].map(([, path, content]) => [path!, content!])),
    commands: [...text.matchAll(COMMANDS)].map(([, lines]) => lines!),
  };
}

/** Writes the files of one app, named by its folder, below `target`. */
export async function writeApp({ files }: DocsPage, name: string, target: string): Promise<void> {
  for (const [path, content] of files) {
    if (!path.startsWith(`${name}/`)) continue;
    await Deno.mkdir(join(target, dirname(path)), { recursive: true });
    await Deno.writeTextFile(join(target, path), content);
  }
}

/** Types commands in the project's folder; fails with what they said if one of them fails. */
export async function type(commands: string, home?: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("sh", {
    args: ["-euc", commands],
    cwd: ROOT,
    env: home === undefined ? {} : { HOME: home },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`Cannot go on as ${commands}\n${new TextDecoder().decode(stderr)}`);
}
