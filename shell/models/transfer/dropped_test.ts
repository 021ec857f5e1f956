import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { FakeClock } from "../../../tests/fixtures/fake_clock.ts";
import { pathsOf } from "../../window/gtk/files.ts";
import { Dropped } from "./dropped.ts";
import { Uploads } from "./uploads.ts";

Deno.test("what was held is taken once: models where they lie, the rest as uploads", async () => {
  const data = await Deno.makeTempDir();
  const onModel = (path: string) => Promise.resolve(`local/${path.split("/").at(-1)}`);
  const [models, incoming] = [join(data, "models"), join(data, "incoming")];
  const uploads = new Uploads({ models, incoming, mintId: () => "id-1", onModel });
  const clock = new FakeClock();
  const dropped = new Dropped({ uploads, clock, onModel });
  const put = async (name: string, text: string) => {
    await Deno.writeTextFile(join(data, name), text);
    return join(data, name);
  };
  const paths = [await put("a.gguf", "GGUF"), await put("b ü.txt", "hello"), join(data, "none")];
  dropped.hold([...paths, data]);
  const [model, file, none, folder, ...more] = await dropped.take();
  assertEquals(model, { model: "local/a.gguf", name: "a.gguf", bytes: 4 });
  assertEquals(file, { upload: "id-1", name: "b ü.txt", bytes: 5 });
  assertEquals(await Deno.readTextFile(join(incoming, "id-1")), "hello");
  assert("error" in none! && none.error.code === "MODEL_GONE");
  assert("error" in folder! && folder.error.code === "MODEL_GONE");
  assertEquals([more, await dropped.take()], [[], []]);
  dropped.hold(paths);
  await clock.advance(3 * 60_000);
  assertEquals(await dropped.take(), []);
  await Deno.remove(data, { recursive: true });
});

Deno.test("a file that may not be read is told apart from one that isn't there", async () => {
  const data = await Deno.makeTempDir();
  const onModel = () => Promise.reject(new Deno.errors.PermissionDenied("open"));
  const [models, incoming] = [join(data, "models"), join(data, "incoming")];
  const uploads = new Uploads({ models, incoming, mintId: () => "id-1", onModel });
  const dropped = new Dropped({ uploads, clock: new FakeClock(), onModel });
  await Deno.writeTextFile(join(data, "a.gguf"), "GGUF");
  dropped.hold([join(data, "a.gguf")]);
  const [unread] = await dropped.take();
  assert("error" in unread! && unread.error.code === "FILE_UNREADABLE", JSON.stringify(unread));
  await Deno.remove(data, { recursive: true });
});

Deno.test("a list of addresses gives the paths of local files", () => {
  const list = "# comment\r\nfile:///a/b%20%C3%BC.gguf\r\nhttps://a.example/\r\nfile:///%E0%A4\r\n";
  assertEquals(pathsOf(list), ["/a/b ü.gguf"]);
});
