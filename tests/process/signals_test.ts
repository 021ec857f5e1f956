import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { ggufLike, ModelServer } from "../fixtures/model_server.ts";
import { BINARY, Erth, isAlive, poll, ROOT } from "../harness.ts";
import { childrenOf } from "./support.ts";

const END_MS = 3_000;
const NO_SCREEN = { DISPLAY: "", WAYLAND_DISPLAY: "" };
const SIGNALS = [["SIGINT", 130], ["SIGTERM", 143]] as const;
const LONG = { pace: 20 };

/** A command with an engine of its own, in a fresh folder. */
function start(data: string, words: string[], env: Record<string, string> = {}) {
  return new Deno.Command(BINARY, {
    args: [...words, "--data", data],
    env: { ...NO_SCREEN, ...env },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
}

/** Sends the signal; checks that the command ends with its code, in time, and leaves nothing. */
async function endsBy(
  child: Deno.ChildProcess,
  signal: Deno.Signal,
  code: number,
): Promise<string> {
  const children = await poll(() => {
    const found = childrenOf(child.pid);
    return found.length > 0 && found;
  });
  const said = new Response(child.stderr).text();
  const began = performance.now();
  child.kill(signal);
  assertEquals((await child.status).code, code, signal);
  const took = performance.now() - began;
  assert(took < END_MS, `Took ${took} ms`);
  assertEquals(children.filter(isAlive), []);
  return await said;
}

for (const [signal, code] of SIGNALS) {
  Deno.test(`a download by a command ends with ${code} at ${signal}, and goes on later`, async () => {
    const data = await Deno.makeTempDir();
    await using server = new ModelServer(ggufLike(4_000_000));
    server.misdeeds = LONG;
    const child = start(data, ["model", "pull", server.url()]);
    const part = join(data, "models", "small.gguf.part");
    await poll(async () => (await Deno.stat(part)).size > 100_000);
    await endsBy(child, signal, code);
    const { size } = await Deno.stat(part);
    assert(size > 100_000);
    const again = start(data, ["model", "pull", server.url()]);
    await poll(() => server.ranges.length > 1);
    assert(/^bytes=\d{6,}-$/.test(server.ranges[1]!), server.ranges[1]);
    await endsBy(again, signal, code);
    await Deno.remove(data, { recursive: true });
  });

  Deno.test(`a question by a command ends with ${code} at ${signal}, without a word of it`, async () => {
    const data = await Deno.makeTempDir();
    {
      await using erth = await Erth.start({ data });
      const body = "It shines for ships at night. ".repeat(20);
      await erth.json("notes", { title: "Lighthouse", body });
    }
    const python = join(ROOT, ".venv", "bin", "python");
    const faulty = join(ROOT, "tests", "fixtures", "faulty_sidecar.py");
    const child = start(data, ["ask", "Where is the lighthouse?"], {
      ERTH_SIDECAR_COMMAND: JSON.stringify([python, faulty, "slow"]),
    });
    await poll(async () => (await logOf(data)).match(/sidecar\.ready/g)?.length === 2);
    assertEquals(await endsBy(child, signal, code), "");
    await Deno.remove(data, { recursive: true });
  });

  Deno.test(`\`serve\` ends with 0 at ${signal}`, async () => {
    await using erth = await Erth.start();
    const sidecar = await erth.sidecar();
    Deno.kill(erth.pid, signal);
    assertEquals((await erth.status).code, 0);
    assertEquals(isAlive(sidecar), false);
  });
}

Deno.test("a second Ctrl+C doesn't wait for what the first one began", async () => {
  await using erth = await Erth.start();
  const sidecar = await erth.sidecar();
  Deno.kill(sidecar, "SIGSTOP");
  Deno.kill(erth.pid, "SIGINT");
  await poll(async () => (await logOf(erth.data)).includes("erth.stopping"));
  Deno.kill(erth.pid, "SIGINT");
  assertEquals((await erth.status).signal, "SIGINT");
  Deno.kill(sidecar, "SIGKILL");
});

function logOf(data: string): Promise<string> {
  return Deno.readTextFile(join(data, "logs", "erth.log"));
}
