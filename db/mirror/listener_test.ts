import { assert, assertEquals } from "@std/assert";
import { ErthError } from "../../errors.ts";
import { backoff, follow, sleep } from "./listener.ts";
import type { Remote } from "../remote/remote.ts";

/** Follows a remote until it has paused `times` times; the pauses, and what was heard. */
async function followed(
  listen: (onNews: () => void) => Promise<void>,
  times: number,
  isReachable = () => true,
): Promise<{ pauses: number[]; heard: string[] }> {
  const ending = new AbortController();
  const pauses: number[] = [];
  const heard: string[] = [];
  await follow({
    remote: { listen: (_: AbortSignal, onNews: () => void) => listen(onNews) } as Remote,
    signal: ending.signal,
    isReachable,
    onListening: (listening) => heard.push(listening ? "begins" : "ends"),
    onNews: () => heard.push("news"),
    wait: (ms) => {
      if (pauses.push(ms) === times) ending.abort();
      return Promise.resolve();
    },
  });
  return { pauses, heard };
}

Deno.test("what was missed while nobody listened is news", async () => {
  const { heard } = await followed((onNews) => {
    onNews();
    onNews();
    return Promise.resolve();
  }, 1);
  assertEquals(heard, ["begins", "news", "news", "ends", "news"]);
});

Deno.test("a server that can't be listened to is tried later and later", async () => {
  const fail = () => Promise.reject(new ErthError("MIRROR_OFFLINE"));
  const { pauses, heard } = await followed(fail, 12);
  assertEquals(heard, []);
  assert(pauses[0]! <= 500 && pauses[11]! >= 30_000, `${pauses}`);
});

Deno.test("a server that tells nothing is asked again much later", async () => {
  const { pauses } = await followed(() => Promise.reject(new ErthError("NOT_FOUND")), 2);
  assertEquals(pauses, [600_000, 600_000]);
});

Deno.test("after it was heard, it is soon tried again", async () => {
  let times = 0;
  const { pauses } = await followed((onNews) => {
    if (++times === 9) onNews();
    return Promise.reject(new ErthError("MIRROR_OFFLINE"));
  }, 9);
  assert(pauses[7]! >= 30_000 && pauses[8]! <= 500, `${pauses}`);
});

Deno.test("while the remote is out of reach nobody tries", async () => {
  let times = 0;
  const { pauses } = await followed(() => (times++, Promise.resolve()), 3, () => false);
  assertEquals([times, pauses.length], [0, 3]);
});

Deno.test("the pause doubles up to a minute, less up to a half by chance", () => {
  for (
    const [failures, most] of [[0, 500], [1, 1000], [6, 32_000], [7, 60_000], [
      500,
      60_000,
    ]] as const
  ) {
    const pause = backoff(failures);
    assert(pause >= most / 2 && pause <= most, `${failures}: ${pause}`);
  }
});

Deno.test("a sleep ends with its time or its signal, and leaves nothing behind", async () => {
  const ending = new AbortController();
  await sleep(1, ending.signal);
  const long = sleep(1_000_000, ending.signal);
  ending.abort();
  await long;
  await sleep(1_000_000, ending.signal);
});
