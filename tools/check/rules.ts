import { brokenFloors } from "./floors.ts";
import type { Source } from "./source.ts";

const LONGEST_FILE = 300;
const WIDEST_MARKUP = 160;
const MOST_FUNCTIONS = 5;

/** What a layer may import besides itself. */
const LAYERS: Record<string, string[]> = {
  main: ["shell", "errors", "log"],
  shell: ["db", "disk", "errors", "log"],
  db: ["disk", "errors", "log"],
  web: [],
  log: ["errors"],
  disk: [],
  errors: [],
};

/** Words of the source that only the named files may use. */
const RESERVED: { rule: string; pattern: RegExp; allowed: RegExp }[] = [
  {
    rule: "only shell/config/config.ts reads environment and arguments",
    pattern: /\bDeno\.(env|args)\b|\bprocess\.(env|argv)\b/,
    allowed: /^shell\/config\/config\.ts$/,
  },
  {
    rule: "only the folders of shell/window/, process/libc.ts and instance/flock.ts see pointers",
    pattern: /\bDeno\.(dlopen|Unsafe\w+|Pointer\w+)\b/,
    allowed: /^shell\/(window\/\w+\/|process\/libc\.ts$|instance\/flock\.ts$)/,
  },
  {
    rule: "only db/remote/remote.ts knows Turso",
    pattern: /turso/i,
    allowed: /^db\/remote\/remote\.ts$/,
  },
  {
    rule: "processes are started by the function that is passed in",
    pattern: /\bnew Deno\.Command\b/,
    allowed: /^shell\/(process\/child|process\/browser|window\/\w+\/\w+)\.ts$/,
  },
  {
    rule: "the page runs in a browser",
    pattern: /\bDeno\b/,
    allowed: /^(?!web\/)/,
  },
  {
    rule: "words for a terminal go through shell/cli/print.ts",
    pattern: /\bconsole\.\w+|\bDeno\.std(out|err)\b|(?<![\w.])(alert|confirm|prompt)\(/,
    allowed: /^web\/|^shell\/(cli\/(print|questions)|window\/gtk\/signals)\.ts$/,
  },
  {
    rule: "only shell/presentation/html.ts says what is HTML already",
    pattern: /"hono\/|\bisEscaped\b/,
    allowed: /^shell\/presentation\/html\.ts$/,
  },
];

/** Hosts that packages come from; in parts, so that this file doesn't name one. */
const REGISTRIES = new RegExp(
  [["registry.npmjs", "org"], ["pypi", "org"], ["pythonhosted", "org"], ["jsr", "io"], [
    "crates",
    "io",
  ]].map((parts) => parts.join("\\.")).join("|"),
);

/** The sidecar's Python but tests, prompts for models, and what reads other people's HTML. */
const SHOWS_PAGES = /^sidecar\/erth_sidecar\/(?!(.*\/)?(test_|conftest)|agent\/|parsing\/).*\.py$/;
/** A tag in an f-string, or added to something. */
const GLUED = /\bf(["'])(?:(?!\1).)*<\/?[a-z](?:(?!\1).)*\1|(["'])<\/?[a-z][^"'\n]*>\2 *[+%]/g;

/** Names that the environment gives, who reads them and who tells of them. */
const VARIABLES = /\bTURSO_(DATABASE_URL|AUTH_TOKEN)\b/g;
const NAMES_VARIABLES = /^shell\/(config\/config|cli\/help)\.ts$/;

/** What breaks the rules, one line each; empty if all is well. */
export function brokenRules(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => [
    ...(isProduct(source) ? [...brokenLayers(source), ...brokenWords(source)] : []),
    ...brokenSize(source),
    ...brokenMarkup(source),
    ...brokenHosts(source),
  ]).concat(brokenSupervisor(sources), brokenFloors(sources));
}

function isProduct({ path }: Source): boolean {
  return path.endsWith(".ts") && !path.endsWith("_test.ts") && layerOf(path) !== undefined;
}

function layerOf(path: string): string | undefined {
  const layer = path.split("/")[0]!.replace(/\.(ts|json)$/, "");
  return layer in LAYERS ? layer : undefined;
}

function brokenLayers({ path, imports }: Source): string[] {
  const own = layerOf(path)!;
  return imports.filter((target) => !/^[a-z]+:/.test(target)).flatMap((target) => {
    const layer = layerOf(target);
    if (layer === own || (layer !== undefined && LAYERS[own]!.includes(layer))) return [];
    return [`${path}: ${own} must not import ${target}`];
  });
}

function brokenWords({ path, text }: Source): string[] {
  const read = NAMES_VARIABLES.test(path) ? text.replaceAll(VARIABLES, "") : text;
  const code = read.replaceAll(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*/g, "");
  return RESERVED
    .filter(({ pattern, allowed }) => pattern.test(code) && !allowed.test(path))
    .map(({ rule, pattern }) => `${path}: ${rule}, but here is '${code.match(pattern)![0]}'`);
}

function brokenSize({ path, text }: Source): string[] {
  if (!/\.(ts|py|js|css)$/.test(path) && path !== "dev") return [];
  const lines = text.split("\n").length - 1;
  const functions = text.match(/^export (async )?function\*? /gm)?.length ?? 0;
  const test = /(^|\/)(tests|bench)\/|_test\.ts$/.test(path);
  return [
    lines < LONGEST_FILE ? [] : `${path}: must have under ${LONGEST_FILE} lines, has ${lines}`,
    test || functions <= MOST_FUNCTIONS
      ? []
      : `${path}: must export under ${MOST_FUNCTIONS + 1} functions, exports ${functions}`,
  ].flat();
}

/** HTML stands in templates, in lines that a person can read; Python fills it in by `Markup.format`. */
function brokenMarkup({ path, text }: Source): string[] {
  if (path.endsWith(".html")) {
    return text.split("\n").flatMap((line, at) =>
      line.length <= WIDEST_MARKUP
        ? []
        : [`${path}:${at + 1}: must have under ${WIDEST_MARKUP + 1} characters, has ${line.length}`]
    );
  }
  if (!SHOWS_PAGES.test(path)) return [];
  return [...text.matchAll(GLUED)].map(([glued]) => `${path}: glues HTML from strings: ${glued}`);
}

function brokenHosts({ path, text }: Source): string[] {
  const host = text.match(REGISTRIES);
  return host === null ? [] : [`${path}: names the registry host ${host[0]}`];
}

/** The supervisor runs any service; so nothing that it reaches may be the sidecar or a model. */
function brokenSupervisor(sources: readonly Source[]): string[] {
  const imports = new Map(sources.map((source) => [source.path, source.imports]));
  const seen = new Set<string>(["shell/process/supervisor.ts"]);
  for (const path of seen) imports.get(path)?.forEach((target) => seen.add(target));
  return [...seen].filter((path) => /^shell\/(sidecar\/|models\/|backend\.ts$)/.test(path))
    .map((path) =>
      `shell/process/supervisor.ts: must know a service by its shape only, but reaches ${path}`
    );
}
