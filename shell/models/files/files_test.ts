import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { ErthError } from "../../../errors.ts";
import { ModelFiles } from "./files.ts";
import type { GgufInfo } from "../gguf/gguf.ts";
import { AssistantFile } from "../settings/settings.ts";

const INFO: GgufInfo = {
  architecture: "llama",
  parameters: 1,
  layers: 1,
  vocabulary: 1,
  bytesPerToken: 1,
  bytes: 1,
  tools: false,
  parts: 1,
};

interface Place {
  data: string;
  files: ModelFiles;
  settings: AssistantFile;
  read: string[];
  changes: () => number;
  put: (name: string, text?: string) => Promise<string>;
}

async function within(run: (place: Place) => Promise<void>): Promise<void> {
  const data = await Deno.makeTempDir();
  const read: string[] = [];
  let changes = 0;
  const settings = new AssistantFile(data);
  const files = new ModelFiles({
    folder: join(data, "models"),
    settings,
    read: async (path) => {
      read.push(path);
      const text = await Deno.readTextFile(path);
      if (!text.startsWith("GGUF")) throw new ErthError("MODEL_FILE", "It doesn't begin with GGUF");
      return INFO;
    },
    onChange: () => changes++,
  });
  const put = async (name: string, text = "GGUF") => {
    const path = join(data, name);
    await Deno.mkdir(join(path, ".."), { recursive: true });
    await Deno.writeTextFile(path, text);
    return path;
  };
  await run({ data, files, settings, read, changes: () => changes, put });
  await Deno.remove(data, { recursive: true });
}

const refs = (files: ModelFiles) => files.list().map(({ ref }) => ref);

Deno.test("what lies in the folder is found, also below; split files count as one", () =>
  within(async ({ files, put, read, changes }) => {
    await files.refresh();
    assertEquals(refs(files), []);
    await put("models/a.gguf");
    await put("models/sub/b.GGUF");
    await put("models/c-00001-of-00002.gguf", "GGUF11");
    await put("models/c-00002-of-00002.gguf", "GGUF");
    await put("models/.removed/d.gguf");
    await put("models/e.gguf.part");
    await files.refresh();
    assertEquals(refs(files), [
      "local/a.gguf",
      "local/c-00001-of-00002.gguf",
      "local/sub/b.GGUF",
    ]);
    assertEquals(files.find("local/c-00001-of-00002.gguf")?.bytes, 10);
    assertEquals(files.sources().map(({ parts }) => parts.length), [1, 2, 1]);
    const [before, heads] = [changes(), read.length];
    await files.refresh();
    assertEquals([changes(), read.length], [before, heads]);
  }));

Deno.test("a part that is missing and a file that is none are refused with the reason", () =>
  within(async ({ files, put }) => {
    await put("models/c-00001-of-00002.gguf");
    await put("models/page.gguf", "<!doctype html>");
    await files.refresh();
    const [split, page] = files.list();
    assertEquals(split!.refused, {
      code: "MODEL_TRUNCATED",
      detail: "Parts are missing: c-00002-of-00002.gguf",
    });
    assertEquals(page!.refused?.code, "MODEL_FILE");
    assertEquals(files.sources(), []);
    await put("models/page.gguf", "GGUF, now");
    await files.refresh();
    assertEquals(files.sources().map(({ ref }) => ref), ["local/page.gguf"]);
  }));

Deno.test("parts may come one after another, in any order", () =>
  within(async ({ data, files, put }) => {
    const ref = "local/c-00001-of-00002.gguf";
    assertEquals(await files.add(await put("models/c-00002-of-00002.gguf")), ref);
    assertEquals(files.find(ref)?.refused?.detail, "Parts are missing: c-00001-of-00002.gguf");
    assertEquals(await files.add(await put("models/c-00001-of-00002.gguf")), ref);
    assertEquals(files.find(ref)?.refused, undefined);
    assertEquals(files.find(ref)?.path, join(data, "models", "c-00001-of-00002.gguf"));
  }));

Deno.test("a file is used where it lies, and missed when it is gone", () =>
  within(async ({ data, files, put, settings }) => {
    await put("models/a.gguf");
    const path = await put("elsewhere/a.gguf");
    await files.refresh();
    assertEquals(await files.add(path), "local/a-2.gguf");
    assertEquals(await files.add(path), "local/a-2.gguf");
    assertEquals(await files.add(join(data, "models/a.gguf")), "local/a.gguf");
    assertEquals(settings.content.paths, { "a-2.gguf": path });
    await Deno.remove(path);
    await files.refresh();
    assertEquals(files.find("local/a-2.gguf")?.refused, { code: "MODEL_GONE", detail: path });
    files.forget(files.find("local/a-2.gguf")!);
    await files.refresh();
    assertEquals(refs(files), ["local/a.gguf"]);
    for (const wrong of [path, data, await put("elsewhere/text.gguf", "text")]) {
      await assertRejects(() => files.add(wrong), ErthError);
    }
    assertEquals(settings.content.paths, {});
  }));

Deno.test("that a model fails is kept in mind until its file is another", () =>
  within(async ({ files, put }) => {
    const path = await put("models/a.gguf");
    await files.refresh();
    const failure = { code: "MODEL_CRASHED", detail: "Killed by SIGSEGV" };
    files.remember("local/a.gguf", failure);
    assertEquals(files.failed("local/a.gguf"), failure);
    await Deno.writeTextFile(path, "GGUF, another");
    await files.refresh();
    assertEquals(files.failed("local/a.gguf"), undefined);
    files.remember("local/a.gguf", failure);
    files.remember("local/a.gguf");
    assertEquals(files.failed("local/a.gguf"), undefined);
  }));

Deno.test("a quick look lists what is there without looking inside", () =>
  within(async ({ files, put, read }) => {
    await put("models/a.gguf");
    await files.refresh(false);
    assertEquals([refs(files), read], [["local/a.gguf"], []]);
    await files.refresh();
    assertEquals(files.find("local/a.gguf")?.info, INFO);
  }));
