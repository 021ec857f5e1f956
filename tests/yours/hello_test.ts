import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { Erth, erth, ROOT } from "../harness.ts";
import { readDocsPage, type, writeApp } from "./docs_page.ts";

const HELLO = join(ROOT, "dist", "hello");

Deno.test("another program, another page and no database, as the page says", async () => {
  const page = await readDocsPage();
  const home = await Deno.makeTempDir();
  try {
    await writeApp(page, "hello", home);
    await type(page.commands[1]!, home);
    await using app = await Erth.start({ binary: HELLO });
    const ask = async () => await (await app.fetch("hello")).text();
    const frame = await (await app.fetch("", { headers: { accept: "text/html" } })).text();
    assertStringIncludes(frame, `<base href="${new URL(app.url).pathname}">`);
    assertStringIncludes(await (await app.fetch("assets/hello.js")).text(), 'fetch("hello")');
    const pid = await app.sidecar();
    assertEquals(await ask(), `Hello from process ${pid}.`);
    Deno.kill(pid, "SIGKILL");
    assertMatch(await ask(), /^Hello from process \d+\.$/);
    assertEquals(await ask(), `Hello from process ${await app.sidecar(pid)}.`);
    const names = [...Deno.readDirSync(app.data)].map(({ name }) => name);
    assertEquals(names.filter((name) => name.includes(".db")), []);
    assertEquals(Object.keys((await app.report()).versions).includes("robyn"), false);
    assertEquals(await app.stop(), 0);
  } finally {
    const made = [home, HELLO, `${HELLO}-licenses.txt`, join(ROOT, "build", "apps", "hello")];
    for (const path of made) await Deno.remove(path, { recursive: true }).catch(() => {});
  }
});

Deno.test("what can't be built says why", async () => {
  const folder = await Deno.makeTempDir();
  const build = async (app: unknown) => {
    await Deno.writeTextFile(join(folder, "app.json"), JSON.stringify(app));
    const { stderr } = await erth(["build", "--app", folder], { binary: join(ROOT, "dev") });
    return stderr;
  };
  const names = { name: "mine", title: "Mine", home: "home" };
  assertStringIncludes(await build({ ...names, name: "My App" }), "value is My App");
  assertStringIncludes(await build({ ...names, title: "a/b" }), "'title' must be");
  assertStringIncludes(await build({ ...names, home: undefined }), "value is undefined");
  assertStringIncludes(await build({ ...names, name: "erth" }), "must not be Erth's own");
  assertStringIncludes(await build(names), "must hold one package with a __main__.py: found none");
  await Deno.remove(folder, { recursive: true });
  await Deno.remove(join(ROOT, "build", "apps", "mine"), { recursive: true }).catch(() => {});
});
