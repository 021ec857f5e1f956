import type { Source } from "./source.ts";

/**
 * The rooms of each tree, ground floor first: a room imports from floors below its own only, and
 * rooms on one floor don't know each other. A name is a folder's, or a file's beside the folders.
 */
const FLOORS: Record<string, readonly (readonly string[])[]> = {
  "shell": [
    ["config", "presentation"],
    ["process"],
    ["payload", "instance", "gateway", "window"],
    ["sidecar", "mirror", "models"],
    ["screens"],
    ["commands"],
    ["ending.ts"],
    ["backend.ts"],
    ["cli"],
    ["desktop"],
  ],
  "shell/models": [
    ["settings", "gguf"],
    ["endpoints", "files"],
    ["transfer", "run"],
    ["assistant.ts", "report.ts"],
    ["mount.ts"],
  ],
  "shell/screens": [["parts.ts"], ["mirror", "models", "unsaved"], ["status"]],
  "shell/window": [
    ["native"],
    ["gtk"],
    ["libwebview"],
    ["window.ts"],
  ],
  "web/js": [
    ["htmx.ts"],
    ["screens"],
    ["frame"],
    ["chat", "editing", "files"],
    ["main.ts"],
  ],
  "db": [["store"], ["remote"], ["mirror"]],
  "tools": [
    ["steps"],
    ["fetch"],
    ["build"],
    ["check"],
    ["clean.ts", "run_tests.ts", "soak.ts", "start.ts", "watch.ts"],
  ],
  "sidecar/erth_sidecar": [
    ["__init__.py", "errors.py", "ids.py", "greeting.py"],
    ["disk.py"],
    ["text"],
    ["store"],
    ["parsing"],
    ["notes"],
    ["chat"],
    ["library"],
    ["retrieval"],
    ["models"],
    ["agent"],
    ["serve"],
    ["pages"],
    ["__main__.py"],
  ],
};

/** Names of folders and modules that say nothing of what is inside. */
const DRAWER = /(^|\/)(base|common|helpers?|misc|utils?)(\/|\.(ts|js|py)$)/;

/** Imports that don't go down, import circles, and drawers; one line each. */
export function brokenFloors(sources: readonly Source[]): string[] {
  const product = sources.filter(({ path }) => !isTest(path));
  return [
    ...product.flatMap((source) =>
      Object.keys(FLOORS).flatMap((tree) => brokenTree(source, tree, sources))
    ),
    ...circles(product),
    ...sources.filter(({ path }) => DRAWER.test(path))
      .map(({ path }) => `${path}: must have a name that says what is inside`),
  ];
}

function isTest(path: string): boolean {
  return /_test\.ts$|(^|\/)(test_\w+|conftest)\.py$/.test(path);
}

function brokenTree(source: Source, tree: string, sources: readonly Source[]): string[] {
  const room = roomOf(source.path, tree);
  if (room === undefined) return [];
  const floor = floorOf(room, tree);
  if (floor < 0) return [`${source.path}: '${room}' must have a floor in tools/check/floors.ts`];
  return importsOf(source, sources).flatMap((target) => {
    const other = roomOf(target, tree);
    if (other === undefined || other === room || floorOf(other, tree) < floor) return [];
    return [`${source.path}: ${tree}/${room} must not import ${target}: it isn't on a lower floor`];
  });
}

/** The first part of a path below a tree; undefined if it lies elsewhere or is no module. */
function roomOf(path: string, tree: string): string | undefined {
  if (!path.startsWith(`${tree}/`) || !/\.(ts|py)$/.test(path)) return undefined;
  return path.slice(tree.length + 1).split("/")[0];
}

function floorOf(room: string, tree: string): number {
  return FLOORS[tree]!.findIndex((rooms) => rooms.includes(room));
}

/** A TypeScript file's imports as they were read; a Python module's as its text has them. */
function importsOf({ path, text, imports }: Source, sources: readonly Source[]): string[] {
  if (!path.endsWith(".py")) return [...imports];
  const known = new Set(sources.map((source) => source.path));
  const found = text.matchAll(/^[ \t]*from (erth_sidecar[\w.]*) import (\([^)]*\)|[^\n]*)/gm);
  return [...found].flatMap(([, from, names]) => {
    const folder = `sidecar/${from!.replaceAll(".", "/")}`;
    const modules = names!.match(/\w+/g)!.map((name) =>
      [`${folder}/${name}.py`, `${folder}/${name}/__init__.py`].find((it) => known.has(it))
    );
    // A name that is no module comes from the module, or from the package itself.
    const own = modules.includes(undefined) ? [`${folder}.py`, `${folder}/__init__.py`] : [];
    return [...own, ...modules].filter((it) => it !== undefined && known.has(it)) as string[];
  });
}

/** Files that reach themselves by imports; each circle once. */
function circles(sources: readonly Source[]): string[] {
  const imports = new Map(sources.map((it) => [it.path, importsOf(it, sources)]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, way: string[]) => {
    const at = way.indexOf(path);
    if (at >= 0) found.push(`${[...way.slice(at), path].join(" → ")}: is a circle of imports`);
    if (at >= 0 || done.has(path)) return;
    for (const target of imports.get(path) ?? []) visit(target, [...way, path]);
    done.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
  return found;
}
