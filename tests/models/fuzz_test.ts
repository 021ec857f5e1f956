import { assert } from "@std/assert";
import { isErrorCode } from "../../errors.ts";
import { isSettled, Rig } from "./support.ts";

const MUTATIONS = 100;
const SEED = 20261122;
/** Of the file, where everything but weights lies. */
const HEAD_BYTES = 8_000;
const ANSWER_MS = 10_000;

/** Numbers that look random and are the same each time. Mulberry32. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Cuts, doubles a part, makes numbers huge or zero; mostly changes a few bytes of the head. */
function mutate(bytes: Uint8Array, random: (below: number) => number): Uint8Array<ArrayBuffer> {
  const mutated = new Uint8Array(bytes);
  const place = () => random(random(4) > 0 ? HEAD_BYTES : mutated.length);
  const kind = random(10);
  if (kind === 0) return mutated.slice(0, random(mutated.length));
  if (kind === 1) {
    const [from, to, length] = [place(), place(), 1 + random(64)];
    return mutated.copyWithin(to, from, from + length);
  }
  if (kind === 2) {
    const at = place();
    return mutated.fill(random(2) * 0xff, at, at + 1 + random(8));
  }
  for (let left = 1 + random(3); left > 0; left--) mutated[place()] = random(256);
  return mutated;
}

Deno.test("a hundred damaged models: each is refused with the reason, or answers", async (t) => {
  await using rig = new Rig();
  await rig.add("whole.gguf");
  const whole = await Deno.readFile(rig.path("whole.gguf"));
  const random = numbers(SEED);
  const tally: Record<string, number> = {};
  for (let round = 0; round < MUTATIONS; round++) {
    const name = `${round}.gguf`;
    await Deno.writeFile(rig.path(name), mutate(whole, random));
    const ref = rig.know(name);
    const outcome = await outcomeOf(rig, ref);
    tally[outcome] = (tally[outcome] ?? 0) + 1;
    rig.sources.pop();
    await Deno.remove(rig.path(name));
  }
  console.log(tally);
  // Were all refused, the mutations would say nothing of llama.cpp.
  assert((tally.answered ?? 0) > 0, JSON.stringify(tally));
  await t.step("and the whole one still answers", async () => {
    await rig.ready("local/whole.gguf");
    const answer = await rig.ask("local/whole.gguf");
    assert(answer.ok, await answer.text());
  });
});

async function outcomeOf(rig: Rig, ref: string): Promise<string> {
  rig.keeper.load(ref);
  const { state, code, detail } = await rig.until(ref, isSettled);
  if (state === "failed") {
    assert(isErrorCode(code) && detail, `${ref}: ${code} ${detail}`);
    return code!;
  }
  const signal = AbortSignal.timeout(ANSWER_MS);
  const said = await rig.ask(ref, {}, signal).then((answer) => answer.text()).catch(() =>
    undefined
  );
  // A model that dies over its first answer is a failed one, and nothing waits for ever.
  if (said === undefined) {
    const { code } = await rig.until(ref, ({ state }) => state === "failed");
    return `${code} later`;
  }
  rig.keeper.unload(ref);
  await rig.until(ref, ({ state }) => state === "idle");
  return JSON.parse(said).choices === undefined ? "error" : "answered";
}
