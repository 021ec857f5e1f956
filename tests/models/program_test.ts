import { join } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { Erth, isAlive, poll } from "../harness.ts";
import { modelOf, writeModel } from "./support.ts";

interface Models {
  default: string | null;
  models: { ref: string; state: string; progress: number; bytes?: number }[];
}

const TINY = "local/tiny.gguf";
const LARGE = "local/large.gguf";

/** A data folder with a small and a large model in it. */
async function folderWithModels(): Promise<string> {
  const data = await Deno.makeTempDir({ prefix: "models test " });
  await Deno.mkdir(join(data, "models"));
  await writeModel(join(data, "models", "tiny.gguf"));
  await writeModel(join(data, "models", "large.gguf"), "--megabytes", "300");
  return data;
}

async function stateOf(erth: Erth, ref: string) {
  const { models } = await erth.json<Models>("models");
  return models.find((model) => model.ref === ref);
}

/** Asks in a new conversation, and waits for the end of the answer. */
async function answerOf(erth: Erth) {
  const asked = await erth.json<{ id: string; answer_id: string }>("chat/new", { question: "Hi" });
  return await poll(async () => {
    const path = `chat/${asked.id}/answers/${asked.answer_id}`;
    const now = await erth.json<{ state: string; body: string; stats: { model?: string } }>(path);
    return now.state !== "running" && now;
  });
}

/** Waits until a model is in a state, or loads so far. */
function until(erth: Erth, ref: string, state: string, progress = 0) {
  return poll(async () => {
    const found = await stateOf(erth, ref);
    return found?.state === state && found.progress >= progress && found;
  });
}

Deno.test("the program with a model", async (t) => {
  const data = await folderWithModels();
  try {
    await using erth = await Erth.start({ data });

    await t.step("unpacks llama.cpp only when a model is first loaded", async () => {
      await until(erth, TINY, "idle");
      const parts = () => [...Deno.readDirSync(join(data, "cache"))].map(({ name }) => name);
      assertEquals(parts().filter((name) => name.startsWith("llama-")), []);
      await erth.json("shell/models/load", { ref: TINY });
      await until(erth, TINY, "ready");
      await poll(async () => (await stateOf(erth, TINY))?.bytes! > 1e7);
      assert(parts().some((name) => name.startsWith("llama-")), `${parts()}`);
    });

    await t.step("answers with it", async () => {
      await erth.json("shell/models/use", { ref: TINY });
      // The sidecar hears of the choice a moment after the shell has made it.
      const { body } = await poll(async () => {
        const { state, stats, body } = await answerOf(erth);
        return state === "done" && stats.model === TINY && { body };
      });
      assert(body.length > 0);
    });

    await t.step("keeps page and sidecar when the model dies", async () => {
      const sidecar = await erth.sidecar();
      const pid = modelOf(erth.pid);
      Deno.kill(pid, "SIGKILL");
      await until(erth, TINY, "failed");
      assertEquals(await erth.sidecar(), sidecar);
      await erth.json("notes");
    });

    await t.step("ends its model in order", async () => {
      await erth.json("shell/models/load", { ref: TINY });
      await until(erth, TINY, "ready");
      const pid = modelOf(erth.pid);
      assertEquals(await erth.stop(), 0);
      assert(!isAlive(pid));
    });
  } finally {
    await Deno.remove(data, { recursive: true });
  }
});

Deno.test("a model process dies with its parent", async (t) => {
  const data = await folderWithModels();
  try {
    for (const [ref, state, progress] of [[TINY, "ready", 0], [LARGE, "loading", 0.9]] as const) {
      await t.step(state, async () => {
        await using erth = await Erth.start({ data });
        await until(erth, ref, "idle");
        await erth.json("shell/models/load", { ref });
        await until(erth, ref, state, progress);
        const pid = modelOf(erth.pid);
        assert(isAlive(pid));
        Deno.kill(erth.pid, "SIGKILL");
        await poll(() => !isAlive(pid), 1_000);
      });
    }
  } finally {
    await Deno.remove(data, { recursive: true });
  }
});
