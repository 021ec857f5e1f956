import { assertEquals } from "@std/assert";
import { brokenRules } from "./rules.ts";
import type { Source } from "./source.ts";

function file(path: string, text: string, imports: string[] = []): Source {
  return { path, text, imports };
}

const CASES: [string, Source[], number][] = [
  ["a layer imports those below it", [file("shell/cli/a.ts", "", ["db/b.ts", "errors.ts"])], 0],
  ["db must not import shell", [file("db/store/a.ts", "", ["shell/b.ts"])], 1],
  ["nobody imports main", [file("shell/cli/a.ts", "", ["main.ts"])], 1],
  ["the product doesn't import tools", [file("shell/cli/a.ts", "", ["tools/a.ts"])], 1],
  ["but a test may", [file("shell/cli/a_test.ts", "", ["tools/a.ts"])], 0],
  ["packages are free", [file("db/store/a.ts", "", ["npm:libsql@1", "node:path"])], 0],
  ["environment elsewhere", [file("shell/cli/a.ts", "Deno.env.get('A')")], 1],
  ["environment in config", [file("shell/config/config.ts", "Deno.env.get('A')")], 0],
  [
    "environment in a comment",
    [file("shell/cli/a.ts", "/** Not Deno.env. */\n// nor Deno.args\n")],
    0,
  ],
  ["a pointer elsewhere", [file("shell/cli/a.ts", "Deno.dlopen('a', {})")], 1],
  ["a pointer in native", [file("shell/window/gtk/window.ts", "Deno.dlopen('a', {})")], 0],
  ["Turso elsewhere", [file("db/mirror/mirror.ts", "const turso = 1;")], 1],
  ["Turso's variables in config", [file("shell/config/config.ts", '"TURSO_AUTH_TOKEN"')], 0],
  ["but no more of it", [file("shell/config/config.ts", '"TURSO_AUTH_TOKEN"; turso()')], 1],
  ["and nowhere else", [file("shell/mirror/keeper.ts", '"TURSO_AUTH_TOKEN"')], 1],
  [
    "the page imports its own modules",
    [file("web/js/chat/a.ts", "", ["web/js/htmx.ts", "npm:htmx.org"])],
    0,
  ],
  ["the page imports the shell", [file("web/js/chat/a.ts", "", ["shell/b.ts"])], 1],
  ["the page calls Deno", [file("web/js/chat/a.ts", "Deno.cwd()")], 1],
  ["words printed past print", [file("shell/cli/a.ts", "console.log(a)")], 1],
  ["a stream written to", [file("shell/cli/a.ts", "Deno.stderr.writeSync(a)")], 1],
  ["a question asked past questions", [file("shell/cli/a.ts", "if (confirm(a)) b()")], 1],
  ["print itself", [file("shell/cli/print.ts", "Deno.stdout.writeSync(a)")], 0],
  ["escaping got round", [file("shell/cli/a.ts", 'import { raw } from "hono/html"')], 1],
  ["a process started directly", [file("shell/cli/a.ts", "new Deno.Command('a')")], 1],
  ["a file too long", [file("sidecar/a.py", "x\n".repeat(300))], 1],
  ["a file just short enough", [file("sidecar/a.py", "x\n".repeat(299))], 0],
  ["six functions", [file("shell/cli/a.ts", "export function a() {}\n".repeat(6))], 1],
  ["five functions", [file("shell/cli/a.ts", "export async function a() {}\n".repeat(5))], 0],
  ["a registry host", [file("deno.lock", ["https://registry.npmjs", "org/a"].join("."))], 1],
  ["a line of HTML too long", [file("web/index.html", `<p>${"x".repeat(158)}\n<p>\n`)], 1],
  ["a line of HTML just short enough", [file("web/index.html", `<p>${"x".repeat(157)}\n`)], 0],
  [
    "HTML glued in an f-string",
    [file("sidecar/erth_sidecar/pages/a.py", "f'<p>{escape(a)}</p>'")],
    1,
  ],
  ["HTML glued by adding", [file("sidecar/erth_sidecar/pages/a.py", 'a = "<p>" + b')], 1],
  ["HTML filled in", [file("sidecar/erth_sidecar/pages/a.py", "Markup('<p>{}</p>').format(a)")], 0],
  ["a test's HTML", [file("sidecar/erth_sidecar/pages/test_a.py", "f'<p>{a}</p>'")], 0],
  ["a comparison in an f-string", [file("sidecar/erth_sidecar/pages/a.py", 'f"{a} < {b}"')], 0],
  ["a supervisor that knows the sidecar", [
    file("shell/process/supervisor.ts", "", ["shell/process/between.ts"]),
    file("shell/process/between.ts", "", ["shell/sidecar/sidecar.ts"]),
  ], 2],
];

for (const [name, sources, count] of CASES) {
  Deno.test(`rules: ${name}`, () => assertEquals(brokenRules(sources).length, count));
}
