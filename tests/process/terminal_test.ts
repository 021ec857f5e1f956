import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { ScriptedModel } from "../fixtures/scripted_model.ts";
import { Erth, erth as command } from "../harness.ts";

const NO_SCREEN = { DISPLAY: "", WAYLAND_DISPLAY: "" };

/** Copies to the clipboard, renames the window, clears it, hides what stood there, turns round. */
const EVIL =
  "a\x1b]52;c;eA==\x07b\x1b]0;root\x1b\\c\x1b[2Jd\x9b2Je\x9d0;f\x9cg\rh\b\u202ei\u200bj\x7f";
const SHOWN = "a�]52;c;eA==�b�]0;root�\\c�[2Jd�2Je�0;f�gh��i�j�";

/** The same within a line. */
const LINE = SHOWN.replace("gh", "g h");

/** What a terminal acts on, or doesn't show. */
// deno-lint-ignore no-control-regex
const ACTING = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]/;

/** An instance that holds such texts everywhere, and commands against it. */
class Desk implements AsyncDisposable {
  readonly model = new ScriptedModel();

  private constructor(readonly erth: Erth, readonly folder: string) {}

  static async open(): Promise<Desk> {
    return new Desk(await Erth.start(), await Deno.makeTempDir());
  }

  /** What a command printed, which must not act on a terminal; in words, then in JSON. */
  async run(...words: string[]): Promise<{ out: string; err: string; json: string }> {
    const args = [...words, "--data", this.erth.data];
    const { stdout: out, stderr: err } = await command(args, { env: NO_SCREEN });
    const { stdout: json } = await command([...args, "--json"], { env: NO_SCREEN });
    for (const text of [out, err, json]) {
      assert(!ACTING.test(text), `${words.join(" ")}: ${JSON.stringify(text)}`);
    }
    return { out, err, json };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.erth[Symbol.asyncDispose]();
    this.model[Symbol.dispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

Deno.test("what a note holds doesn't act on the terminal, and JSON holds it exactly", async () => {
  await using desk = await Desk.open();
  const note = { title: `Title ${EVIL}`, body: `Body ${EVIL}`, tags: "x\x1b[1m" };
  const { id } = await desk.erth.json<{ id: string }>("notes", note);
  const listed = await desk.run("note", "list");
  assertStringIncludes(listed.out, `Title ${LINE}`);
  const kept = JSON.parse(listed.json).notes[0].title;
  const shown = await desk.run("note", "show", id);
  assertStringIncludes(shown.out, `Body ${SHOWN}`);
  const { body, title } = JSON.parse(shown.json);
  assertEquals([title, kept, body.includes("\x1b]52;c;eA==\x07")], [kept, title, true]);
  assertStringIncludes((await desk.run("note", "search", "Body")).out, `Title ${LINE}`);
});

Deno.test("nor does a file's name, and it begins no line of its own", async () => {
  await using desk = await Desk.open();
  const path = join(desk.folder, "a\x1b]0;root\x07\nSaved here: b\u202e.txt");
  await Deno.writeTextFile(path, "Inside \u202eout\u200bside");
  const added = await desk.run("library", "add", path);
  assertStringIncludes(added.out, "a�]0;root� Saved here: b�.txt");
  const { files } = JSON.parse((await desk.run("library", "list")).json);
  assertEquals((await desk.run("library", "list")).out.trimEnd().split("\n").length, files.length);
  assertStringIncludes((await desk.run("library", "show", files[0].id)).out, "Inside �out�side");
});

Deno.test("nor does an error, or a name that others gave", async () => {
  await using desk = await Desk.open();
  const words = [
    ["note", EVIL],
    ["library", "add", `${desk.folder}/${EVIL.replaceAll("/", "")}`],
    [
      "model",
      "use",
      EVIL,
    ],
    ["mirror", "connect", `http://${EVIL}`],
    ["note", "show", EVIL],
    ["model", "add", EVIL],
  ];
  for (const each of words) {
    const { err, json } = await desk.run(...each);
    assert(err !== "", each.join(" "));
    JSON.parse(json);
  }
  const title = ["--name", `Server ${EVIL}`];
  await desk.run("model", "endpoint", "add", desk.model.url, ...title);
  assertStringIncludes((await desk.run("model", "list")).out, "Server a�]52;c;eA==�b");
  await desk.run("status");
});

Deno.test("nor does a model's answer, piece by piece, and its sources can be read", async () => {
  await using desk = await Desk.open();
  const { erth, model } = desk;
  const note = { title: `Birds ${EVIL}`, body: "The heron nests by the river in spring." };
  const { id } = await erth.json<{ id: string }>("notes", note);
  const quoted = await desk.run("ask", "Where does the heron nest?");
  assertStringIncludes(quoted.out, `(erth note show ${id})`);
  assert(!quoted.out.includes("](notes/"), quoted.out);
  await desk.run("model", "endpoint", "add", model.url);
  const { models } = await erth.json<{ models: { ref: string }[] }>("models");
  const ref = models.find((it) => it.ref.endsWith("/scripted"))!.ref;
  for (let time = 0; time < 2; time++) {
    model.next("By the ", "\x1b", "]0;root\x07", "river [", "1].");
  }
  const { out } = await desk.run("ask", "Where does the heron nest?", "--model", ref);
  assertStringIncludes(out, "By the �]0;root�river [1]");
  assertStringIncludes(out, `(erth note show ${id})`);
});
