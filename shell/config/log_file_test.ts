import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { openLogFile } from "./log_file.ts";

Deno.test({
  name: "a log goes on once a full disk has room again, and stays below its limit",
  // A log is open until the program ends.
  sanitizeResources: false,
  fn: writeLog,
});

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
