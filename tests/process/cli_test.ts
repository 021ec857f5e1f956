import { assert, assertEquals, assertMatch } from "@std/assert";
import { Erth, erth as command } from "../harness.ts";

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** A machine without a screen. */
const NO_SCREEN = { DISPLAY: "", WAYLAND_DISPLAY: "" };

/** Runs commands on one data folder. */
class Shell {
  readonly data: string;

  constructor(data: string) {
    this.data = data;
  }

  /** Exit code and text of a command. */
  async text(words: string[], stdin?: string): Promise<{ code: number; out: string; err: string }> {
    const options = { stdin, env: NO_SCREEN };
    const { code, stdout, stderr } = await command([...words, "--data", this.data], options);
    return { code, out: stdout.trimEnd(), err: stderr.trimEnd() };
  }

  /** The JSON document of a command that succeeds. */
  // deno-lint-ignore no-explicit-any -- the tests look at each part
  async json(words: string[], stdin?: string): Promise<any> {
    const { code, out, err } = await this.text([...words, "--json"], stdin);
    assertEquals([code, err], [0, ""], out);
    assert(!out.includes("\n"), "More than one line");
    return JSON.parse(out);
  }

  /** Exit code and error code of a command that fails; the error is JSON and complete. */
  async error(words: string[], stdin?: string): Promise<[number, string]> {
    const { code, out, err } = await this.text([...words, "--json"], stdin);
    assertEquals(err, "");
    const { error } = JSON.parse(out);
    assertEquals(Object.keys(error), ["code", "message", "hint", "recoverable"]);
    return [code, error.code];
  }
}

async function inFolder(run: (shell: Shell) => Promise<void>): Promise<void> {
  const data = await Deno.makeTempDir();
  await run(new Shell(data));
  await Deno.remove(data, { recursive: true });
}

/** The same commands do the same, whether an instance runs or not. */
async function useNotes(shell: Shell): Promise<void> {
  const { id } = await shell.json(["note", "add", "Milk", "and", "bread", "--tags", "shop,food"]);
  assertMatch(id, ID);
  const piped = await shell.json(["note", "add", "--title", "Commits"], "fix the roof\n");
  const dash = await shell.text(["note", "add", "-"], "dashed");
  assertMatch(dash.out, /^Saved here: [0-9a-f-]{36}$/);

  const listed = await shell.json(["note", "list"]);
  assertEquals(listed.total, 3);
  const names = ["id", "title", "pinned", "created_at", "updated_at", "snippet", "tags"];
  assertEquals(Object.keys(listed.notes[0]).toSorted(), names.toSorted());
  assertEquals((await shell.json(["note", "list", "--tags", "food"])).notes.length, 1);
  assertEquals((await shell.text(["note", "list"])).out.split("\n").length, 3);

  const found = await shell.json(["note", "search", "roof"]);
  assertEquals(found.notes.map((note: { id: string }) => note.id), [piped.id]);
  assertEquals((await shell.text(["note", "search", "nothing-like-it"])).out, "No note has that.");

  const shown = await shell.json(["note", "show", id]);
  assertEquals([shown.id, shown.body, shown.tags], [id, "Milk and bread", ["food", "shop"]]);
  assert((await shell.text(["note", "show", piped.id])).out.startsWith("Commits\n"));

  const asked = await shell.json(["ask", "Who fixes the roof?"]);
  assertEquals([asked.state, asked.question], ["done", "Who fixes the roof?"]);
  assertEquals(asked.citations[0].note_id, piped.id);
  const grown = await shell.text(["ask"], "What about the roof?");
  assert(grown.code === 0 && grown.out.includes("> fix the roof"), grown.out);
  const again = await shell.json(["ask", "And bread?", "--thread", asked.thread_id]);
  assertEquals(again.thread_id, asked.thread_id);

  assertEquals(await shell.json(["note", "delete", id]), { id, deleted: true });
  assertEquals(await shell.error(["note", "show", id]), [3, "NOTE_NOT_FOUND"]);
  assertEquals(await shell.error(["note", "delete", "no-such-id"]), [3, "NOTE_NOT_FOUND"]);
  assertEquals(await shell.error(["ask", "x", "--thread", "none"]), [3, "THREAD_NOT_FOUND"]);
  assertEquals((await shell.text(["note", "delete", piped.id])).out, "Deleted.");
}

Deno.test("notes and questions without a running instance", () => inFolder(useNotes));

Deno.test("notes and questions against a running instance", async () => {
  await using erth = await Erth.start();
  await useNotes(new Shell(erth.data));
  assertEquals((await erth.report()).sidecar.generation, 1);
});

Deno.test("the list has all notes, however many there are", async () => {
  await using erth = await Erth.start();
  const titles = Array.from({ length: 450 }, (_, number) => `Note ${number}`);
  await Promise.all(titles.map((title) => erth.json("notes", { title })));
  const { notes, total } = await new Shell(erth.data).json(["note", "list"]);
  assertEquals([total, new Set(notes.map(({ id }: { id: string }) => id)).size], [450, 450]);
});

Deno.test("status, open and doctor against a running instance", async () => {
  await using erth = await Erth.start();
  await erth.sidecar();
  const shell = new Shell(erth.data);
  const status = await shell.json(["status"]);
  assertEquals([status.pid, status.sidecar.state, status.sidecar.generation], [
    erth.pid,
    "ready",
    1,
  ]);
  assert((await shell.text(["status"])).out.includes("Sidecar: ready, generation 1"));
  const { url } = await shell.json(["open"]);
  assert(url.startsWith(`${erth.url}launch?code=`), url);
  const opened = await shell.text(["open"]);
  assert(opened.code === 0 && opened.out.startsWith(`${erth.url}launch?code=`), opened.out);
  const { findings } = await shell.json(["doctor"]);
  assertEquals(
    findings.map((finding: { check: string; ok: boolean; code?: string }) => [
      finding.check,
      finding.ok || finding.code,
    ]),
    [
      ["Window", "NO_DISPLAY"],
      ["Owners", true],
      ["Data folder", true],
      ["Cache folder", true],
      ["Running instance", true],
    ],
  );
});

Deno.test("open prints a link to paste where no browser comes", async () => {
  await using erth = await Erth.start();
  const tools = await Deno.makeTempDir();
  await Deno.writeTextFile(`${tools}/xdg-open`, "#!/bin/sh\nexit 3\n", { mode: 0o755 });
  const env = { DISPLAY: ":none", PATH: `${tools}:${Deno.env.get("PATH")}` };
  const { code, stdout } = await command(["open", "--data", erth.data], { env });
  const link = stdout.trimEnd().split("\n").at(-1) ?? "";
  assertEquals(code, 0);
  assert(link.startsWith(`${erth.url}launch?code=`), stdout);
  const answer = await fetch(link, { redirect: "manual" });
  await answer.body?.cancel();
  assertEquals(answer.status, 303);
  await Deno.remove(tools, { recursive: true });
});

Deno.test("status, open and doctor without a running instance", () =>
  inFolder(async (shell) => {
    assertEquals(await shell.error(["status"]), [4, "NOT_RUNNING"]);
    assertEquals(await shell.error(["open"]), [4, "NOT_RUNNING"]);
    const { err, code } = await shell.text(["status"]);
    assert(code === 4 && err.includes("[NOT_RUNNING]") && err.includes("erth serve"), err);
    const { findings } = await shell.json(["doctor"]);
    assertEquals(findings.map(({ check }: { check: string }) => check), [
      "Window",
      "Owners",
      "Data folder",
      "Cache folder",
      "Database",
      "Engine",
    ]);
    const lines = (await shell.text(["doctor"])).out.split("\n");
    assert(lines[0]!.startsWith("FAIL  Window: ") && lines[1]!.startsWith("      "), lines[0]);
    assertEquals(lines.filter((line) => line.startsWith("ok    ")).length, 5);
  }));

Deno.test("serve takes the port it is given, or says that it is taken", async () => {
  await using erth = await Erth.start();
  const { port } = new URL(erth.url);
  assertMatch(new URL(erth.url).pathname, /^\/[\w-]{22}\/$/);
  await inFolder(async (shell) => {
    assertEquals(await shell.error(["serve", "--port", port]), [2, "PORT_IN_USE"]);
  });
  await erth.stop();
  await using again = await Erth.start({ args: ["--port", port] });
  assertEquals(new URL(again.url).port, port);
});

Deno.test("what isn't understood is a USAGE error and changes nothing", () =>
  inFolder(async (shell) => {
    const wrong = [
      ["bogus"],
      ["note"],
      ["mirror"],
      ["mirror", "burn"],
      ["mirror", "now", "then"],
      ["mirror", "forget"],
      ["mirror", "connect"],
      ["mirror", "connect", "libsql://a.example", "s3cret"],
      ["note", "burn"],
      ["note", "show"],
      ["note", "search"],
      ["note", "delete"],
      ["note", "add"],
      ["ask"],
      ["note", "add", "text", "--no-such-option"],
      ["serve", "--port", "70000"],
      ["serve", "--port", "abc"],
      ["serve", "--port"],
      ["--window-backend", "other"],
    ];
    for (const words of wrong) {
      assertEquals(await shell.error(words, ""), [2, "USAGE"], words.join(" "));
    }
    const { code, out, err } = await shell.text(["bogus"]);
    assertEquals([code, out], [2, ""]);
    assert(err.includes("'bogus'") && err.includes("--help"), err);
    assertEquals([...Deno.readDirSync(shell.data)], []);
  }));

Deno.test("without a screen the window says what to do", () =>
  inFolder(async (shell) => {
    assertEquals(await shell.error([]), [7, "NO_DISPLAY"]);
    assert((await shell.text([])).err.includes("erth serve"));
  }));

Deno.test("help for each command, with examples", async () => {
  for (const name of ["serve", "open", "status", "doctor", "ask", "note", "mirror"]) {
    const { code, stdout } = await command([name, "--help"]);
    assertEquals(code, 0);
    assert(stdout.includes(`\n  erth ${name}`), stdout);
    const json = await command([name, "--help", "--json"]);
    assertEquals(JSON.parse(json.stdout).help, stdout.trimEnd());
  }
  const general = await command(["--help"]);
  assert(general.code === 0 && general.stdout.includes("Exit codes"), general.stdout);
  assertEquals((await command(["help"])).stdout, general.stdout);
});

Deno.test("the version of every layer", async () => {
  const json = JSON.parse((await command(["--version", "--json"])).stdout);
  const layers = ["deno", "python", "robyn", "htmx", "llama.cpp", "pdfium", "markdown-it"];
  for (const layer of layers) assert(json.versions[layer], `Nothing of ${layer}`);
  const { code, stdout } = await command(["--version"]);
  assert(code === 0 && stdout.startsWith(`erth ${json.version}\n`), stdout);
  assertEquals((await command(["version"])).stdout, stdout);
});
