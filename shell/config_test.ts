import { assertEquals, assertThrows } from "@std/assert";
import { ErthError } from "../errors.ts";
import { readConfig } from "./config.ts";

Deno.test("no word means the window", () => {
  const config = readConfig([]);
  assertEquals([config.command, config.words, config.json], ["window", [], false]);
});

Deno.test("a command keeps its words and options", () => {
  const config = readConfig(["note", "add", "Milk", "--tags", "a,b", "--json", "--data", "/d"]);
  assertEquals(config.command, "note");
  assertEquals(config.words, ["add", "Milk"]);
  assertEquals([config.tags, config.json, config.paths.data], ["a,b", true, "/d"]);
});

Deno.test("--version wins, --help is kept for the command", () => {
  assertEquals(readConfig(["--version"]).command, "version");
  const config = readConfig(["serve", "--help"]);
  assertEquals([config.command, config.help], ["serve", true]);
});

Deno.test("what isn't understood is USAGE and names the words", () => {
  const cases: [string[], string][] = [
    [["--nonsense"], "--nonsense"],
    [["dance"], "dance"],
    [["serve", "--port", "x"], "x"],
    [["serve", "--port", "65536"], "65536"],
    [["--window-backend", "qt"], "qt"],
    [["--data"], "--data"],
  ];
  for (const [args, seen] of cases) {
    const error = assertThrows(() => readConfig(args), ErthError);
    assertEquals([error.code, error.detail.includes(seen)], ["USAGE", true]);
  }
});
