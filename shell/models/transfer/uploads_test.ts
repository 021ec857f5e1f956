import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { ErthError } from "../../../errors.ts";
import { ggufLike } from "../../../tests/fixtures/model_server.ts";
import { Uploads } from "./uploads.ts";

interface Place {
  data: string;
  uploads: Uploads;
  send: (name: string, body: BodyInit | null, headers?: HeadersInit) => ReturnType<Uploads["take"]>;
}

async function within(run: (place: Place) => Promise<unknown>): Promise<void> {
  const data = await Deno.makeTempDir();
  let number = 0;
  const uploads = new Uploads({
    models: join(data, "models"),
    incoming: join(data, "incoming"),
    mintId: () => `id-${++number}`,
    onModel: (path) =>
      path.includes("refused")
        ? Promise.reject(new ErthError("MODEL_DAMAGED"))
        : Promise.resolve(`local/${path.slice(data.length + 8)}`),
  });
  const send: Place["send"] = (name, body, headers) => {
    const url = `http://127.0.0.1/p/shell/upload?name=${encodeURIComponent(name)}`;
    return uploads.take(new Request(url, { method: "POST", body, headers }));
  };
  await run({ data, uploads, send });
  await Deno.remove(data, { recursive: true });
}

function names(...path: string[]): string[] {
  try {
    return [...Deno.readDirSync(join(...path))].map(({ name }) => name).sort();
  } catch {
    return [];
  }
}

/** A body that comes in these pieces; `broken`: and then breaks off. */
function pieces(parts: Uint8Array<ArrayBuffer>[], broken = false): ReadableStream {
  const left = [...parts];
  return new ReadableStream({
    pull: (controller) => {
      const part = left.shift();
      if (part !== undefined) controller.enqueue(part);
      else if (broken) controller.error(new Error("gone"));
      else controller.close();
    },
  });
}

Deno.test("a GGUF file becomes a model, in whatever pieces it comes", () =>
  within(async ({ data, send }) => {
    const file = ggufLike(100_000);
    const parts = [file.slice(0, 1), file.slice(1, 3), file.slice(3)];
    const done = await send("../My model.gguf", pieces(parts));
    assertEquals(done, { model: "local/My model.gguf", name: "My model.gguf", bytes: 100_000 });
    const path = join(data, "models", "My model.gguf");
    assertEquals(await Deno.readFile(path), file);
    assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
    assertEquals(names(data, "models"), ["My model.gguf"]);
  }));

Deno.test("nothing is overwritten: the same is refused, another gets another name", () =>
  within(async ({ data, send }) => {
    await send("a.gguf", ggufLike(5000));
    const same = await assertRejects(
      () => send("a.gguf", ggufLike(5000), { "content-length": "5000" }),
      ErthError,
    );
    assertEquals(same.code, "MODEL_EXISTS");
    const both = await Promise.all([send("a.gguf", ggufLike(6000)), send("A", ggufLike(7000))]);
    const given = both.map(({ name }) => name.toLowerCase()).sort();
    assertEquals(given, ["a-2.gguf", "a-3.gguf"]);
    assertEquals(names(data, "models").length, 3);
  }));

Deno.test("anything else waits for the Library", () =>
  within(async ({ data, send }) => {
    assertEquals(await send("a/b.txt", "hello"), { upload: "id-1", name: "b.txt", bytes: 5 });
    assertEquals(await Deno.readTextFile(join(data, "incoming", "id-1")), "hello");
    assertEquals(await send("empty.txt", null), { upload: "id-2", name: "empty.txt", bytes: 0 });
    const many = new Array(300).fill(new Uint8Array(1024 * 1024));
    const error = await assertRejects(() => send("big.bin", pieces(many)), ErthError);
    assertEquals(error.code, "UPLOAD_TOO_LARGE");
    assertEquals(names(data, "incoming"), ["id-1", "id-2"]);
  }));

Deno.test("what breaks off or isn't what it says leaves nothing", () =>
  within(async ({ data, send }) => {
    const cases: [string, string, ReadableStream | string, HeadersInit?][] = [
      ["BAD_REQUEST", "a.gguf", pieces([ggufLike(1000)], true)],
      ["BAD_REQUEST", "a.txt", pieces([new Uint8Array(1000)], true)],
      ["BAD_REQUEST", "a.gguf", pieces([ggufLike(1000)]), { "content-length": "2000" }],
      ["MODEL_FILE", "a.gguf", "<!doctype html>"],
      ["MODEL_DISK", "a.gguf", pieces([ggufLike(1000)]), { "content-length": `${1e17}` }],
      ["BAD_REQUEST", "", "x"],
    ];
    for (const [code, name, body, headers] of cases) {
      const error = await assertRejects(() => send(name, body, headers), ErthError);
      assertEquals(error.code, code, `${name} ${error.detail}`);
    }
    assertEquals([...names(data, "models"), ...names(data, "incoming")], []);
  }));

Deno.test("a model that is refused leaves nothing", () =>
  within(async ({ data, send }) => {
    const error = await assertRejects(() => send("refused.gguf", ggufLike(1000)), ErthError);
    assertEquals(error.code, "MODEL_DAMAGED");
    assertEquals(names(data, "models"), []);
  }));

Deno.test("a start cleans up after an end in the middle", () =>
  within(async ({ data, send, uploads }) => {
    await send("keep.gguf", ggufLike(1000));
    await send("keep.txt", "x");
    await Deno.writeTextFile(join(data, "models", "half.gguf.upload"), "GGUF");
    await Deno.writeTextFile(join(data, "models", "half.gguf.part"), "GGUF");
    // One that is under way is none of them.
    const half = Promise.withResolvers<void>();
    const slow = new ReadableStream({
      start: async (controller) => {
        controller.enqueue(ggufLike(1000));
        await half.promise;
        controller.close();
      },
    });
    const sent = send("slow.gguf", slow);
    while (!names(data, "models").includes("slow.gguf.upload")) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await uploads.clean(Date.now());
    half.resolve();
    assertEquals((await sent).bytes, 1000);
    await Deno.remove(join(data, "models", "slow.gguf"));
    assertEquals(names(data, "models"), ["half.gguf.part", "keep.gguf"]);
    assert(names(data, "incoming").length === 1);
    await uploads.clean(Date.now() + 48 * 60 * 60_000);
    assertEquals(names(data, "incoming"), []);
  }));
