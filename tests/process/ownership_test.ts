import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { ggufLike, ModelServer } from "../fixtures/model_server.ts";
import { writeModel } from "../models/support.ts";
import { BINARY, Erth, erth as command, poll } from "../harness.ts";
import { freeze } from "./support.ts";

const NO_SCREEN = { DISPLAY: "", WAYLAND_DISPLAY: "" };

/** A folder for data. */
async function within(run: (data: string) => Promise<void>): Promise<void> {
  const data = await Deno.makeTempDir();
  await run(data);
  await Deno.remove(data, { recursive: true });
}

/** A command at work: a download that goes on until the server is told to be quick. */
async function download(data: string, server: ModelServer) {
  const child = new Deno.Command(BINARY, {
    args: ["model", "pull", server.url(), "--json", "--data", data],
    env: NO_SCREEN,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const output = child.output();
  await poll(() => server.ranges.length > 0);
  return { pid: child.pid, output };
}

async function asked(data: string, ...args: string[]) {
  const { code, stdout } = await command([...args, "--json", "--data", data], { env: NO_SCREEN });
  return { code, answer: JSON.parse(stdout) };
}

Deno.test("beside a command at work, others use its engine; it waits for them to be done", () =>
  within(async (data) => {
    const file = await Deno.makeTempFile({ suffix: ".gguf" });
    await writeModel(file);
    await using server = new ModelServer(await Deno.readFile(file));
    server.misdeeds = { pace: 100 };
    const first = await download(data, server);
    const second = asked(data, "model", "pull", server.url());
    const added = await asked(data, "note", "add", "Beside a download");
    assertEquals(added.code, 0, JSON.stringify(added.answer));
    const status = await asked(data, "status");
    assertEquals(status.answer.pid, first.pid);
    server.misdeeds = {};
    assertEquals((await first.output).code, 0);
    const { answer, code } = await second;
    assertEquals([code, answer.default], [0, "local/small.gguf"]);
    assertEquals(server.ranges, [""]);
    assertEquals(await Deno.readFile(join(data, "models", "small.gguf")), server.file);
    const { notes } = (await asked(data, "note", "list")).answer;
    assertEquals(notes.length, 1);
    await Deno.remove(file);
  }));

Deno.test("who has the folder and doesn't answer is waited for, and goes its way", () =>
  within(async (data) => {
    await using server = new ModelServer(ggufLike(4_000_000));
    server.misdeeds = { pace: 100 };
    const first = await download(data, server);
    await freeze(first.pid);
    const adding = asked(data, "note", "add", "Waits");
    // It has looked once at least, and took nothing.
    assertEquals((await asked(data, "status")).answer.error.code, "NOT_RUNNING");
    Deno.kill(first.pid, "SIGKILL");
    await first.output;
    assertEquals((await adding).code, 0);
  }));

Deno.test("a stranger at a dead instance's address is believed in nothing", () =>
  within(async (data) => {
    const first = await Erth.start({ data });
    const { port } = new URL(first.url);
    Deno.kill(first.pid, "SIGKILL");
    await first.status;
    assert((await Deno.readTextFile(join(data, "instance.json"))).includes(first.token));
    const heard: Headers[] = [];
    const stranger = Deno.serve(
      { hostname: "127.0.0.1", port: Number(port), onListen: () => {} },
      ({ headers }) => {
        heard.push(headers);
        return Response.json({ url: "file:///etc/passwd", pid: 1, raised: true });
      },
    );
    const opened = await asked(data, "open");
    assertEquals([opened.code, opened.answer.error.code], [4, "NOT_RUNNING"]);
    {
      await using second = await Erth.start({ data });
      await second.json("notes");
    }
    assertEquals(heard.filter((headers) => headers.has("authorization")), []);
    await stranger.shutdown();
  }));

Deno.test("an instance proves itself to who doesn't say the secret, and says nothing else", async () => {
  await using erth = await Erth.start();
  const ask = (path: string) => fetch(new URL(path, erth.url));
  const proof = await ask(`alive?nonce=${"n".repeat(32)}`);
  assertEquals([proof.status, /^[0-9a-f]{64}$/.test(await proof.text())], [200, true]);
  for (const nonce of ["", "short", "x".repeat(65), "%00".repeat(20)]) {
    const refused = await ask(`alive?nonce=${nonce}`);
    assertEquals(refused.status, 400, nonce);
    await refused.body?.cancel();
  }
});
