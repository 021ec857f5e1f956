import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { ErthError } from "../../errors.ts";
import { poll } from "../harness.ts";
import { FakeClock } from "../fixtures/fake_clock.ts";
import { isSettled, Rig } from "./support.ts";

const MINUTE = 60_000;

Deno.test("a crash is the model's own affair", async (t) => {
  await using rig = new Rig();
  const tiny = await rig.add("tiny.gguf");
  const bad = await rig.add("bad.gguf", "--crash");

  await t.step("llama.cpp ends itself while it loads", async () => {
    rig.keeper.wanted(bad);
    const { state, code, detail } = await rig.until(bad, isSettled);
    assertEquals([state, code], ["failed", "MODEL_CRASHED"]);
    assertMatch(detail!, /^Killed by SIGABRT: llama-vocab\.cpp:\d+: GGML_ASSERT/);
    assertEquals(rig.remembered.get(bad), { code: code!, detail: detail! });
  });

  await t.step("answers don't load it again, not after a restart either", async () => {
    rig.keeper.released(bad);
    rig.keeper.wanted(bad);
    assertEquals(rig.keeper.state(bad).state, "failed");
    await using again = new Rig();
    again.sources.push(...rig.sources);
    rig.remembered.forEach((failure, ref) => again.remembered.set(ref, failure));
    again.keeper.wanted(bad);
    assertEquals(again.keeper.state(bad).state, "failed");
    assertEquals([rig.children(), again.children()], [[], []]);
  });

  await t.step("a person does, and it is forgotten meanwhile", async () => {
    rig.keeper.load(bad);
    assertEquals(rig.keeper.state(bad).state, "loading");
    assertEquals(rig.remembered.has(bad), false);
    await rig.until(bad, ({ state }) => state === "failed");
    assertEquals(rig.remembered.has(bad), true);
  });

  await t.step("others load as before; one that is killed over an answer fails", async () => {
    const { pid } = await rig.ready(tiny);
    const answer = await rig.ask(tiny, { stream: true, max_tokens: 400, ignore_eos: true });
    Deno.kill(pid, "SIGKILL");
    await answer.text().catch(() => "");
    const { code, detail } = await rig.until(tiny, ({ state }) => state === "failed");
    assertEquals(code, "MODEL_CRASHED");
    assertMatch(detail!, /no memory left$/);
    await rig.gone(pid);
  });
});

Deno.test("a model that hangs is ended", async () => {
  const clock = new FakeClock();
  await using rig = new Rig({ clock });
  const tiny = await rig.add("tiny.gguf");
  const { pid } = await rig.ready(tiny);
  Deno.kill(pid, "SIGSTOP");
  const { code, detail } = await poll(async () => {
    await clock.advance(5_000);
    const state = rig.keeper.state(tiny);
    return state.state === "failed" && state;
  });
  assertEquals(code, "MODEL_CRASHED");
  assertMatch(detail!, /No answer to 3 probes/);
  await rig.gone(pid);
});

Deno.test("an unused model goes", async (t) => {
  const clock = new FakeClock();
  // Its health is looked at in real time, which stands still here.
  await using rig = new Rig({ clock, times: { probe: 60 * MINUTE } });
  const tiny = await rig.add("tiny.gguf");

  await t.step("after ten minutes, and not while an answer uses it", async () => {
    const { pid } = await rig.ready(tiny);
    rig.keeper.wanted(tiny);
    rig.memory = { total: 4e9, available: 1e6 };
    await clock.advance(11 * MINUTE);
    assertEquals(rig.keeper.state(tiny).state, "ready");
    rig.memory = { total: 4e9, available: 4e9 };
    rig.keeper.released(tiny);
    await clock.advance(9 * MINUTE);
    assertEquals(rig.keeper.state(tiny).state, "ready");
    await clock.advance(2 * MINUTE);
    assertEquals(rig.keeper.state(tiny).state, "idle");
    await rig.gone(pid);
  });

  await t.step("when memory runs short", async () => {
    rig.keeper.wanted(tiny);
    await rig.until(tiny, ({ state }) => state === "ready");
    rig.memory = { total: 4e9, available: 1e8 };
    await clock.advance(MINUTE);
    assertEquals(rig.keeper.state(tiny).state, "ready");
    rig.keeper.generationEnded();
    await clock.advance(MINUTE / 2);
    assertEquals(rig.keeper.state(tiny).state, "idle");
    assert(rig.log.tail().some((line) => line.includes("memory is short")));
  });
});

Deno.test("one model at a time", async (t) => {
  await using rig = new Rig();
  const [a, b] = [await rig.add("a.gguf"), await rig.add("b.gguf")];

  await t.step("an unused one makes room", async () => {
    const { pid } = await rig.ready(a);
    await rig.ready(b);
    assertEquals(rig.keeper.state(a).state, "idle");
    await rig.gone(pid);
    assertEquals(rig.children().length, 1);
  });

  await t.step("one in use is waited for", async () => {
    rig.keeper.wanted(b);
    rig.keeper.wanted(a);
    // Said again by a second answer; the last one to end says released.
    rig.keeper.wanted(b);
    assertEquals(rig.keeper.state(b).state, "ready");
    assertEquals(rig.keeper.state(a).state, "loading");
    await rig.ask(b).then((answer) => answer.body?.cancel());
    rig.keeper.released(b, 12.5);
    await rig.until(a, ({ state }) => state === "ready");
    assertEquals(rig.keeper.state(b), { state: "idle", progress: 0, speed: 12.5 });
  });

  await t.step("who waits no longer isn't loaded", () => {
    rig.keeper.wanted(b);
    rig.keeper.released(b);
    assertEquals(rig.keeper.state(b).state, "idle");
    assertEquals(rig.keeper.state(a).state, "ready");
  });

  await t.step("one that is damaged costs the other nothing", async () => {
    await Deno.writeTextFile(rig.path("c.gguf"), "no model at all, only words and more words");
    const c = rig.know("c.gguf");
    rig.keeper.released(a);
    rig.keeper.load(c);
    await rig.until(c, isSettled);
    assertEquals(rig.keeper.state(a).state, "ready");
  });

  await t.step("other settings load it anew, once no answer uses it", async () => {
    const { pid } = await rig.ready(a);
    rig.keeper.wanted(a);
    rig.sources[0] = { ...rig.sources[0]!, settings: { context: 256, temperature: 0.5 } };
    rig.keeper.refresh();
    assertEquals(rig.keeper.state(a).pid, pid);
    rig.keeper.released(a);
    const { context } = await rig.until(a, (now) => now.state === "ready" && now.pid !== pid);
    assertEquals(context, 256);
    rig.sources[0] = { ...rig.sources[0]!, settings: { context: 256, temperature: 0.7 } };
    rig.keeper.refresh();
    assertEquals(rig.keeper.state(a).state, "ready");
  });

  await t.step("of two that a person asked for in a row the last is loaded", async () => {
    rig.keeper.wanted(a);
    const d = await rig.add("d.gguf");
    rig.keeper.load(b);
    rig.keeper.load(d);
    assertEquals(rig.keeper.state(b).state, "idle");
    rig.keeper.released(a);
    await rig.until(d, ({ state }) => state === "ready");
    await rig.ready(a);
  });

  await t.step("one whose file is off the list goes", async () => {
    const { pid } = await rig.ready(b);
    assertEquals(rig.sources.splice(1, 1)[0]?.ref, b);
    rig.keeper.refresh();
    await rig.gone(pid);
    await rig.ready(a);
  });

  await t.step("there is none by a name that nobody knows", () => {
    const { code } = assertThrows(() => rig.keeper.load("local/none.gguf"), ErthError);
    assertEquals(code, "MODEL_NOT_FOUND");
    rig.keeper.wanted("local/none.gguf");
    rig.keeper.unload();
    assertEquals(rig.keeper.state(a).state, "idle");
  });
});
