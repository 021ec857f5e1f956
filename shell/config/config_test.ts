import { assert, assertEquals, assertThrows } from "@std/assert";
import { ErthError } from "../../errors.ts";
import { readConfig } from "./config.ts";

const APP = { name: "erth", title: "Erth", home: "notes", commands: ["ask", "note"] } as const;
const read = (args: string[]) => readConfig(args, APP);

Deno.test("no word means the window", () => {
  const config = read([]);
  assertEquals([config.command, config.words, config.json], ["window", [], false]);
});

Deno.test("a command keeps its words and options", () => {
  const config = read(["note", "add", "Milk", "--tags", "a,b", "--json", "--data", "/d"]);
  assertEquals(config.command, "note");
  assertEquals(config.words, ["add", "Milk"]);
  assertEquals([config.tags, config.json, config.paths.data], ["a,b", true, "/d"]);
});

Deno.test("--version wins, --help is kept for the command", () => {
  assertEquals(read(["--version"]).command, "version");
  const config = read(["serve", "--help"]);
  assertEquals([config.command, config.help], ["serve", true]);
});

Deno.test("what isn't understood is USAGE and names the words", () => {
  const cases: [string[], string][] = [
    [["--nonsense"], "--nonsense"],
    [["dance"], "dance"],
    [["serve", "extra"], "extra"],
    [["note", "add", "x", "--sha256", "x"], "--sha256"],
    [["note", "list", "--data", ""], "--data"],
    [["serve", "--port", "x"], "x"],
    [["serve", "--port", "65536"], "65536"],
    [["--window-backend", "qt"], "qt"],
    [["--data"], "--data"],
  ];
  for (const [args, seen] of cases) {
    const error = assertThrows(() => read(args), ErthError);
    assertEquals([error.code, error.detail.includes(seen)], ["USAGE", true]);
  }
});

Deno.test("an app whose sidecar can't answer a command doesn't offer it", () => {
  const error = assertThrows(() => readConfig(["note"], { ...APP, commands: [] }), ErthError);
  assertEquals([error.code, error.detail], ["USAGE", "There is no command 'note'"]);
});

Deno.test("every variable of our own that is read stands in the docs", async () => {
  const read = (path: string) => Deno.readTextFile(new URL(path, import.meta.url));
  const docs = await read("../../docs/contracts.md");
  const names = (await read("./config.ts")).match(/"(?:ERTH_\w+|TURSO_\w+|LOADED_URL)"/g) ?? [];
  assert(names.length >= 4);
  for (const name of names) assert(docs.includes(`\`${name.slice(1, -1)}\``), name);
});
