import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { LineLog } from "../../log.ts";
import { openLogFile } from "./log_file.ts";

Deno.test({
  name: "a log goes on once a full disk has room again, and stays below its limit",
  // A log is open until the program ends.
  sanitizeResources: false,
  fn: writeLog,
});

Deno.test({
  name: "what others say stays one line of the log, and acts on no terminal that shows it",
  sanitizeResources: false,
  fn: logWhatOthersSay,
});

function logWhatOthersSay(): void {
  const folder = Deno.makeTempDirSync();
  const log = new LineLog(openLogFile(folder, "app"));
  const line = "a\n\x1b]52;c;eA==\x07\x7f\x9b2J\u202eb";
  log.info("sidecar.log", { line });
  const text = Deno.readTextFileSync(join(folder, "app.log"));
  assertEquals(text.trimEnd().split("\n").length, 1);
  // deno-lint-ignore no-control-regex
  assert(!/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/.test(text), text);
  assertEquals(JSON.parse(/line=(.*)/.exec(text)![1]!), line);
  Deno.removeSync(folder, { recursive: true });
}

async function writeLog(): Promise<void> {
  const folder = await Deno.makeTempDir();
  const log = openLogFile(folder, "app");
  const { writeSync } = Deno.FsFile.prototype;
  log("before");
  Deno.FsFile.prototype.writeSync = () => {
    throw new Error("No space left on device (os error 28)");
  };
  try {
    log("lost");
  } finally {
    Deno.FsFile.prototype.writeSync = writeSync;
  }
  log("after");
  const path = join(folder, "app.log");
  assertEquals(await Deno.readTextFile(path), "before\nafter\n");
  for (let n = 0; n < 40; n++) log("x".repeat(64 * 1024));
  const sizes = [path, `${path}.1`].map((it) => Deno.statSync(it).size);
  assertEquals(sizes.every((size) => size < 1.1 * 1024 * 1024), true, `${sizes}`);
  await Deno.remove(folder, { recursive: true });
}
