import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import type { ModelsReport } from "../../shell/models/report.ts";
import { ModelServer } from "../fixtures/model_server.ts";
import { ScriptedModel } from "../fixtures/scripted_model.ts";
import { Erth, erth as command, poll } from "../harness.ts";
import { writeModel } from "../models/support.ts";

const NO_SCREEN = { DISPLAY: "", WAYLAND_DISPLAY: "" };
const folder = Deno.makeTempDirSync();
const tiny = join(folder, "Tiny.gguf");
Deno.test.beforeAll(() => writeModel(tiny));
Deno.test.afterAll(() => Deno.removeSync(folder, { recursive: true }));

/** Runs `erth model …`; exit code, error code if it failed, report, and what was printed. */
async function model(data: string, words: string[], stdin?: string) {
  const args = ["model", ...words, "--json", "--data", data];
  const { code, stdout, stderr } = await command(args, { env: NO_SCREEN, stdin });
  const document = JSON.parse(stdout);
  return { code, error: document.error?.code, report: document as ModelsReport, stderr, stdout };
}

const models = (erth: Erth) => erth.json<ModelsReport>("models");

/** A folder for data. */
async function within(run: (data: string) => Promise<void>): Promise<void> {
  const data = await Deno.makeTempDir();
  await run(data);
  await Deno.remove(data, { recursive: true });
}

Deno.test("as one shot: add, list, use, load, remove", () =>
  within(async (data) => {
    const added = await model(data, ["add", tiny]);
    assertEquals([added.code, added.report.default], [0, "local/Tiny.gguf"], added.stdout);
    assertEquals((await model(data, ["use", "none"])).report.default, null);
    assertEquals((await model(data, ["use", "Tiny"])).report.default, "local/Tiny.gguf");
    const plain = await command(["model", "list", "--data", data], { env: NO_SCREEN });
    assert(plain.stdout.includes("* local/Tiny.gguf  On this computer  Not loaded"), plain.stdout);
    const loaded = await model(data, ["load", "local/Tiny.gguf"]);
    assertEquals([loaded.code, loaded.report.models[0]!.state], [0, "ready"], loaded.stdout);
    const gone = await model(data, ["remove", "local/Tiny.gguf"]);
    assertEquals([gone.code, gone.report.models, gone.report.default], [0, [], null]);
    assert((await Deno.stat(tiny)).isFile);
  }));

Deno.test("what can't be done says why, with its exit code", () =>
  within(async (data) => {
    const page = join(folder, "page.gguf");
    await Deno.writeTextFile(page, "<!doctype html><p>This is a page, not a model.</p>");
    const tries: [string[], number, string][] = [
      [[], 2, "USAGE"],
      [["juggle"], 2, "USAGE"],
      [["add"], 2, "USAGE"],
      [["list", "more"], 2, "USAGE"],
      [["add", join(folder, "nowhere.gguf")], 3, "MODEL_GONE"],
      [["add", page], 10, "MODEL_FILE"],
      [["use", "nothing"], 3, "MODEL_NOT_FOUND"],
      [["load", "nothing"], 3, "MODEL_NOT_FOUND"],
      [["pull", "ftp://example.org/x.gguf"], 2, "MODEL_URL"],
      [["pull", "https://example.org/x.gguf", "--sha256", "12"], 2, "MODEL_URL"],
      [["endpoint", "add", "http://example.org/v1"], 2, "ENDPOINT_URL"],
      [["endpoint", "add", "http://127.0.0.1:9/v1"], 10, "ENDPOINT_UNREACHABLE"],
      [["endpoint", "remove", "nothing"], 3, "NOT_FOUND"],
    ];
    for (const [words, exit, code] of tries) {
      const failed = await model(data, words);
      assertEquals([failed.code, failed.error], [exit, code], words.join(" "));
    }
  }));

Deno.test("pull tells how far it is; what failed goes on, and a wrong checksum leaves nothing", () =>
  within(async (data) => {
    await using server = new ModelServer(await Deno.readFile(tiny));
    const wrong = await model(data, ["pull", server.url(), "--sha256", "0".repeat(64)]);
    assertEquals([wrong.code, wrong.error], [10, "MODEL_CHECKSUM"]);
    server.misdeeds = { cuts: [200_000], pace: 3 };
    const pulled = await model(data, ["pull", server.url(), "--sha256", server.sha256]);
    assertEquals(pulled.code, 0, pulled.stdout);
    assertEquals(pulled.report.default, "local/small.gguf");
    assert(pulled.stderr.includes("kB of 470 kB"), pulled.stderr);
    assertEquals(await Deno.readFile(join(data, "models", "small.gguf")), server.file);
    server.misdeeds = { statuses: [404] };
    const missing = await model(data, ["pull", server.url("other.gguf")]);
    assertEquals([missing.code, missing.error], [10, "MODEL_DOWNLOAD"]);
    const again = await model(data, ["pull", server.url("other.gguf")]);
    assertEquals([again.code, again.report.downloads], [0, []], again.stdout);
  }));

Deno.test("a download that the end of the program interrupts goes on by itself", () =>
  within(async (data) => {
    await using server = new ModelServer(await Deno.readFile(tiny));
    server.misdeeds = { pace: 40 };
    {
      await using erth = await Erth.start({ data });
      await erth.json("shell/models/pull", { url: server.url(), sha256: server.sha256 });
      await poll(async () => (await models(erth)).downloads.some(({ done }) => done >= 100_000));
    }
    server.misdeeds = {};
    await using erth = await Erth.start({ data });
    await poll(async () => (await models(erth)).models.length > 0);
    const part = Number(/^bytes=(\d+)-$/.exec(server.ranges.at(-1)!)?.[1]);
    assert(part >= 100_000, `${server.ranges}`);
    assertEquals(await Deno.readFile(join(data, "models", "small.gguf")), server.file);
  }));

Deno.test("an endpoint's key comes by standard input and is seen nowhere", () =>
  within(async (data) => {
    using server = new ScriptedModel();
    await using erth = await Erth.start({ data });
    const words = ["endpoint", "add", server.url, "--key-stdin", "--name", "My server"];
    const done = await model(data, words, "sk-secret\n");
    assertEquals(done.code, 0, done.stdout);
    assertEquals(done.report.endpoints.map(({ id, hasKey }) => [id, hasKey]), [[
      "my-server",
      true,
    ]]);
    assertEquals((await model(data, ["use", "my-server/scripted"])).code, 0);
    const log = await Deno.readTextFile(join(data, "logs", "erth.log"));
    const seen = [done.stdout, done.stderr, log, JSON.stringify(await erth.report())];
    for (const pid of [erth.pid, await erth.sidecar()]) {
      seen.push(await Deno.readTextFile(`/proc/${pid}/cmdline`));
      seen.push(await Deno.readTextFile(`/proc/${pid}/environ`));
    }
    for (const text of seen) assert(!text.includes("sk-secret"), text);
    const file = join(data, "assistant.json");
    assert((await Deno.readTextFile(file)).includes("sk-secret"));
    assertEquals((await Deno.stat(file)).mode! & 0o777, 0o600);
    assertEquals((await model(data, ["endpoint", "remove", "my-server"])).report.default, null);
    assert(!(await Deno.readTextFile(file)).includes("sk-secret"));
  }));
