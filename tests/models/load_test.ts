import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { isAlive, poll } from "../harness.ts";
import { isSettled, modelOf, Rig } from "./support.ts";

const ORIGIN = "http://evil.example";

Deno.test("a model of one's own", async (t) => {
  await using rig = new Rig();
  const tiny = await rig.add("tiny.gguf");
  const { url, key, pid } = await rig.ready(tiny);

  await t.step("is ready with a context and what it takes of the memory", async () => {
    const { bytes, context, tools } = await poll(() => {
      const state = rig.keeper.state(tiny);
      return state.bytes !== undefined && state;
    });
    assertEquals([context, tools], [512, false]);
    assert(bytes! > 1e7 && bytes! < 1e9, `${bytes}`);
  });

  await t.step("streams its answer piece by piece, and says how fast", async () => {
    const answer = await rig.ask(tiny, { stream: true, max_tokens: 20, ignore_eos: true });
    const lines = (await answer.text()).split("\n\n").filter((line) => line.startsWith("data: {"));
    const pieces = lines.map((line) => JSON.parse(line.slice(6)));
    assert(pieces.length > 10, `${pieces.length} pieces`);
    assert(pieces.at(-1).timings.predicted_per_second > 0, lines.at(-1));
  });

  await t.step("says so when a prompt is longer than its context", async () => {
    const messages = [{ role: "user", content: "word ".repeat(400) }];
    const answer = await rig.ask(tiny, { messages });
    const { error } = await answer.json();
    assertEquals([answer.status, error.type], [400, "exceed_context_size_error"]);
    assertEquals(error.n_ctx, 512);
  });

  await t.step("answers nobody without the key, wherever they ask", async () => {
    const { origin } = new URL(url);
    for (const path of ["/", "/health", "/v1/models", "/props", "/slots", "/metrics", "/tools"]) {
      for (const prefix of ["", "/model"]) {
        const answer = await rig.fetch(origin + prefix + path);
        const text = await answer.text();
        assert([401, 404].includes(answer.status), `${prefix}${path}: ${answer.status}`);
        assert(!text.includes("tiny"), text);
      }
    }
    const wrong = await rig.fetch(`${url}/models`, { headers: { authorization: "Bearer no" } });
    await wrong.body?.cancel();
    assertEquals(wrong.status, 401);
  });

  await t.step("lets no page of another origin read anything", async () => {
    for (const method of ["OPTIONS", "POST"]) {
      const answer = await rig.fetch(`${url}/chat/completions`, {
        method,
        headers: {
          origin: ORIGIN,
          authorization: `Bearer ${key}`,
          "access-control-request-method": "POST",
        },
      });
      await answer.body?.cancel();
      const allowed = answer.headers.get("access-control-allow-origin") ?? "";
      assertEquals(allowed, "", method);
      assertEquals(answer.headers.get("access-control-allow-headers") ?? "", "", method);
    }
  });

  await t.step("keeps its key out of arguments, environment and log", async () => {
    for (const name of ["cmdline", "environ"]) {
      const text = await Deno.readTextFile(`/proc/${pid}/${name}`);
      assert(!text.includes(key), name);
    }
    assert(!rig.log.tail().join("\n").includes(key));
  });

  await t.step("is gone once it is unloaded", async () => {
    rig.keeper.unload(tiny);
    assertEquals(rig.keeper.state(tiny).state, "idle");
    await rig.gone(pid);
  });
});

Deno.test("two answers are written at once", async () => {
  await using rig = new Rig();
  const large = await rig.add("large.gguf", "--megabytes", "200");
  await rig.ready(large);
  const ended: string[] = [];
  const say = async (name: string, max_tokens: number) => {
    const answer = await rig.ask(large, { max_tokens, ignore_eos: true });
    assertEquals((await answer.json()).usage.completion_tokens, max_tokens);
    ended.push(name);
  };
  const long = say("long", 150);
  await say("short", 2);
  assertEquals(ended, ["short"]);
  await long;
});

Deno.test("a load is cancelled while the file is read, and while llama.cpp has it", async () => {
  await using rig = new Rig();
  const large = await rig.add("large.gguf", "--megabytes", "400");
  for (const from of [0.05, 0.9]) {
    rig.keeper.load(large);
    await rig.until(large, ({ progress }) => progress >= from);
    const pid = modelOf(Deno.pid);
    assert(isAlive(pid));
    rig.keeper.unload(large);
    assertEquals(rig.keeper.state(large).state, "idle");
    await rig.gone(pid);
    assertEquals(rig.children(), []);
  }
  assertEquals(rig.remembered.size, 0);
});

Deno.test("a file that is no use is refused with the reason", async (t) => {
  await using rig = new Rig();
  const tiny = await rig.add("tiny.gguf");
  const whole = await Deno.readFile(rig.path("tiny.gguf"));
  const refused = async (ref: string) => {
    rig.keeper.load(ref);
    const { state, code, detail = "" } = await rig.until(ref, isSettled);
    assertEquals(state, "failed");
    return { code, detail };
  };

  await t.step("cut off", async () => {
    await Deno.writeFile(rig.path("cut.gguf"), whole.subarray(0, 300_000));
    const { code, detail } = await refused(rig.know("cut.gguf"));
    assertEquals(code, "MODEL_TRUNCATED");
    assertStringIncludes(detail, "300000 bytes of 469856");
  });
  await t.step("another kind of file", async () => {
    await Deno.writeTextFile(rig.path("note.gguf"), "A note about llamas, long enough to be one");
    assertEquals((await refused(rig.know("note.gguf"))).code, "MODEL_FILE");
  });
  await t.step("an architecture that llama.cpp doesn't know", async () => {
    const { code, detail } = await refused(await rig.add("new.gguf", "--architecture", "yak"));
    assertEquals([code, detail], ["MODEL_REFUSED", "unknown model architecture: 'yak'"]);
  });
  await t.step("too large for the memory here", async () => {
    rig.memory = { total: 4e9, available: 2e8 };
    const { code, detail } = await refused(await rig.add("big.gguf", "--megabytes", "400"));
    rig.memory = { total: 4e9, available: 4e9 };
    assertEquals(code, "MODEL_TOO_LARGE");
    assertMatch(detail, /^About \d+\.\d MB are needed with a context of 512, 200.0 MB are free$/);
  });
  await t.step("no longer there", async () => {
    assertEquals((await refused(rig.know("gone.gguf"))).code, "NOT_FOUND");
  });
  await t.step("and a good one still loads", async () => {
    await rig.ready(tiny);
  });
});
