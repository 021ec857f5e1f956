import { assert, assertEquals } from "@std/assert";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import type { ModelsReport } from "../../shell/models/report.ts";
import { ggufLike } from "../fixtures/model_server.ts";
import { Erth, poll } from "../harness.ts";
import { Disk, MAY_MOUNT } from "./sandbox.ts";

/** What stays free, less what notes and log write meanwhile. */
const RESERVE_BYTES = (256 - 16) * 1024 * 1024;
/** Room for what is unpacked, for the reserve, and for some more. */
const SIZE = "480m";
const BODY = "x".repeat(300_000);

const GGUF = ggufLike(256 * 1024);
const TEXT = new TextEncoder().encode("All work and no play. ".repeat(10_000));

/** The same again and again, for ever. */
function endless(chunk: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({ pull: (controller) => controller.enqueue(chunk.slice()) });
}

function names(folder: string): string[] {
  Deno.mkdirSync(folder, { recursive: true });
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

async function free(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Sends a file of unknown length; its error's code. */
async function upload(erth: Erth, name: string, body: BodyInit): Promise<string> {
  const answer = await erth.fetch(`shell/upload?name=${name}`, { method: "POST", body });
  return (await answer.json()).error?.code;
}

async function failed(erth: Erth): Promise<ModelsReport["downloads"][number]> {
  return await poll(async () => {
    const { downloads } = await erth.json<ModelsReport>("models");
    return downloads.find(({ phase }) => phase === "failed") ?? false;
  });
}

Deno.test({
  name: "whatever comes without an end, a note can be saved, and nothing useless stays",
  ignore: !MAY_MOUNT,
  fn: async () => {
    await using disk = await Disk.mount(SIZE);
    const data = join(disk.path, "data");
    const models = join(data, "models");
    await using erth = await Erth.start({ data });
    await erth.json("notes", { title: "Before" });
    const before = await free(data);

    assertEquals(await upload(erth, "endless.gguf", endless(GGUF)), "MODEL_DISK");
    assertEquals(await upload(erth, "refused.gguf", ggufLike(100_000)), "MODEL_FILE");
    assertEquals(names(models), []);
    assert(await free(data) > before - 16 * 1024 * 1024);

    const headers = { etag: '"one"' };
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () => new Response(endless(GGUF), { headers }),
    );
    const url = `http://127.0.0.1:${server.addr.port}/endless.gguf`;
    await erth.json("shell/models/pull", { url });
    const { code, done } = await failed(erth);
    assertEquals(code, "MODEL_DISK");
    const left = await free(data);
    assert(left > RESERVE_BYTES && left < before, `${left} of ${before}`);
    // It could go on from there if there were more room.
    assertEquals(names(models), ["endless.gguf.part", "endless.gguf.part.json"]);
    assertEquals(Deno.statSync(join(models, "endless.gguf.part")).size, done);
    await erth.json("notes", { title: "After", body: BODY });

    const source = join(data, "source.txt");
    await Deno.writeTextFile(source, BODY.repeat(60));
    assertEquals(await upload(erth, "a.txt", endless(TEXT)), "MODEL_DISK");
    const refused = await erth.json("library", { path: source }).catch((error) => error.message);
    assertEquals(refused, "MODEL_DISK");
    assertEquals([...names(join(data, "incoming")), ...names(join(data, "files"))], []);
    await erth.json("notes", { title: "At last", body: BODY });
  },
});
