/// <reference lib="deno.unstable" />
import { assertEquals } from "@std/assert";
import plugin from "./lint_plugin.ts";

const CASES: [string, string, number][] = [
  ["a string with a tag", 'const a = "<p>";', 1],
  ["a string with the end of one", 'const a = b + "</p>";', 1],
  ["a template with a tag", "const a = `<p>${b}`;", 1],
  ["a template with a tag at its end", "const a = `${b}</p>`;", 1],
  ["another tag's template", "const a = String.raw`<p>`;", 1],
  ["markup", "const a = markup`<p>${b}</p>`;", 0],
  ["a template within markup", "const a = markup`<p>${`<b>${c}</b>`}</p>`;", 1],
  ["markup within markup", "const a = markup`<p>${markup`<b>`}</p>`;", 0],
  ["a comparison", "const a = 1 <b; const c = `1 < 2`;", 0],
  ["a comment", "// <p>\n/** <p> */", 0],
];

for (const [name, source, count] of CASES) {
  Deno.test(`lint: ${name}`, () => {
    assertEquals(Deno.lint.runPlugin(plugin, "/root/shell/a.ts", source).length, count);
  });
}

Deno.test("lint: tests and other layers may", () => {
  for (const path of ["/root/shell/a_test.ts", "/root/tests/a.ts"]) {
    assertEquals(Deno.lint.runPlugin(plugin, path, 'const a = "<p>";'), []);
  }
});
