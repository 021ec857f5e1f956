import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { ErthError } from "../../errors.ts";
import { secureFolders } from "./folders.ts";

/** Runs in a folder that others may read, as homes and sticks are. */
async function inFolder(run: (folder: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir();
  await Deno.chmod(folder, 0o755);
  try {
    run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function pathsOf(data: string, portable = true) {
  return { data, cache: join(data, "cache"), logs: join(data, "logs"), portable };
}

function modeOf(path: string): string {
  return (Deno.statSync(path).mode! & 0o7777).toString(8);
}

function makeData(folder: string, mode = 0o700): string {
  const data = join(folder, "erth-data");
  for (const path of [data, join(data, "cache"), join(data, "logs")]) Deno.mkdirSync(path);
  for (const name of ["erth.lock", "local_edge.db", "assistant.json", "cache/part"]) {
    Deno.writeTextFileSync(join(data, name), "");
    Deno.chmodSync(join(data, name), 0o600);
  }
  for (const path of [join(data, "cache"), join(data, "logs")]) Deno.chmodSync(path, 0o700);
  Deno.chmodSync(data, mode);
  return data;
}

Deno.test("folders that aren't there yet, and those that are as they should be, are fine", () =>
  inFolder((folder) => {
    assertEquals(secureFolders(pathsOf(join(folder, "none"))), []);
    assertEquals(secureFolders(pathsOf(makeData(folder))), []);
  }));

Deno.test("what a copy left open is closed, files inside too, and told of once", () =>
  inFolder((folder) => {
    const data = makeData(folder, 0o777);
    Deno.chmodSync(join(data, "assistant.json"), 0o644);
    Deno.chmodSync(join(data, "cache"), 0o775);
    Deno.chmodSync(join(data, "cache", "part"), 0o755);
    const notices = secureFolders(pathsOf(data));
    assertEquals(notices.map((it) => it.split(" was open")[0]), [data, join(data, "cache")]);
    const modes = ["", "assistant.json", "cache", "cache/part"].map((it) => modeOf(join(data, it)));
    assertEquals(modes, ["700", "600", "700", "700"]);
    assertEquals(secureFolders(pathsOf(data)), []);
  }));

Deno.test("a folder of somebody's own that isn't Erth's is left as it is", () =>
  inFolder((folder) => {
    const home = join(folder, "home");
    Deno.mkdirSync(home);
    Deno.chmodSync(home, 0o755);
    Deno.writeTextFileSync(join(home, "letter"), "", { mode: 0o644 });
    assertEquals(secureFolders(pathsOf(home)), []);
    assertEquals([modeOf(home), modeOf(join(home, "letter"))], ["755", "644"]);
  }));

Deno.test("a folder that all may write to, and that isn't to be tightened, is refused", () =>
  inFolder((folder) => {
    const shared = makeData(folder, 0o1777);
    const error = assertThrows(() => secureFolders(pathsOf(shared)), ErthError);
    assertEquals([error.code, error.exit], ["FOLDER_FOREIGN", 5]);
    assert(error.detail.includes(shared), error.detail);
    assertEquals(modeOf(shared), "1777");
    const names = [...Deno.readDirSync(shared)].map(({ name }) => name);
    assert(names.every((name) => !name.startsWith(".erth-")), "The test file is left behind");
  }));

Deno.test("a link of our own to a folder of our own is followed", () =>
  inFolder((folder) => {
    const data = makeData(folder);
    const link = join(folder, "link");
    Deno.symlinkSync(data, link);
    assertEquals(secureFolders(pathsOf(link)), []);
  }));
