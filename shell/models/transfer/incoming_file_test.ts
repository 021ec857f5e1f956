import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { roomBeside } from "../../../disk.ts";
import { asErthError, ErthError, isDiskFull } from "../../../errors.ts";
import { IncomingFile } from "./incoming_file.ts";

const MEGABYTE = new Uint8Array(1024 * 1024);

async function within(run: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  await run(join(folder, "file"));
  await Deno.remove(folder, { recursive: true });
}

Deno.test("what comes without an end stops before the reserve", () =>
  within(async (path) => {
    const disk = 40 * MEGABYTE.length + 5;
    let looks = 0;
    const room = (path: string) => {
      looks++;
      return Deno.stat(path).then(({ size }) => disk - size, () => disk);
    };
    using file = await IncomingFile.open(path, { expected: 0, room });
    const error = await assertRejects(async () => {
      for (;;) await file.write(MEGABYTE);
    }, ErthError);
    assertEquals(error.code, "MODEL_DISK");
    assertEquals(Deno.statSync(path).size, 40 * MEGABYTE.length);
    // Not at each chunk: a look costs.
    assert(looks < 10, `${looks}`);
  }));

Deno.test("a disk that somebody else fills meanwhile is noticed", () =>
  within(async (path) => {
    const rooms = [1e9, 1e9, 0];
    const room = () => Promise.resolve(rooms.shift()!);
    using file = await IncomingFile.open(path, { expected: 0, room });
    const error = await assertRejects(async () => {
      for (;;) await file.write(MEGABYTE);
    }, ErthError);
    assertEquals([error.code, rooms.length], ["MODEL_DISK", 0]);
  }));

Deno.test("what can't fit isn't begun, and what was here stays as it is", () =>
  within(async (path) => {
    for (const [expected, room] of [[100, 99], [0, 0]]) {
      const options = { expected: expected!, room: () => Promise.resolve(room!) };
      const error = await assertRejects(() => IncomingFile.open(path, options), ErthError);
      assertEquals(error.code, "MODEL_DISK");
    }
    await Deno.writeTextFile(path, "GGUF and more");
    using file = await IncomingFile.open(path, { expected: 2, from: 4 });
    await file.write(new TextEncoder().encode("!!"));
    await file.finish();
    assertEquals(await Deno.readTextFile(path), "GGUF!!");
    assert(await roomBeside(path) > 0);
  }));

Deno.test("a full disk is told apart, however it is said", async () => {
  const thrown = await Deno.writeTextFile("/dev/full", "x").catch((error) => error);
  const full = [
    thrown,
    Object.assign(new Error("write"), { code: "EDQUOT" }),
    Object.assign(new Error("database or disk is full"), { code: "SQLITE_FULL" }),
    new Error("Disk quota exceeded (os error 122)"),
    new Error("There is not enough space on the disk. (os error 112)"),
  ];
  for (const error of full) assert(isDiskFull(error), `${error}`);
  for (const other of [new Error("os error 2"), undefined, "full", null]) {
    assert(!isDiskFull(other), `${other}`);
  }
  assertEquals(asErthError(thrown).code, "STORE_FULL");
  assertEquals(asErthError(thrown, "MODEL_DOWNLOAD").code, "MODEL_DOWNLOAD");
});
