import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { FileWatch } from "./file_watch.ts";
import { Store } from "../store/store.ts";

Deno.test("commits of other connections are noticed, once, and own ones aren't", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "a.db");
  const own = await Store.open({ path, synchronous: "NORMAL" });
  const other = await Store.open({ path, synchronous: "NORMAL" });
  own.run("CREATE TABLE t (x)");
  const ending = new AbortController();
  const heard: string[] = [];
  const steps = [
    () => {},
    () => own.run("INSERT INTO t VALUES (1)"),
    () => other.run("INSERT INTO t VALUES (2)"),
    () => {},
    () => {
      other.run("INSERT INTO t VALUES (3)");
      // The mirror has it already.
      watch.look();
    },
    () => other.close(),
    () => own.close(),
    () => ending.abort(),
  ];
  const watch = new FileWatch({
    store: own,
    onCommit: () => heard.push(`commit ${8 - steps.length}`),
    onResume: () => heard.push("resume"),
    wait: () => Promise.resolve(steps.shift()?.()),
  });
  await watch.run(ending.signal);
  assertEquals(heard, ["commit 3"]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("after a sleep of the computer everything may have changed", async () => {
  const store = await Store.open({ path: ":memory:", synchronous: "FULL" });
  const ending = new AbortController();
  const now = Date.now;
  let resumes = 0;
  let skipped = 0;
  Date.now = () => now() + skipped;
  const steps = [4_000, 6_000, 0];
  const watch = new FileWatch({
    store,
    onCommit: () => {},
    onResume: () => resumes++,
    wait: () => {
      const step = steps.shift();
      if (step === undefined) ending.abort();
      skipped += step ?? 0;
      return Promise.resolve();
    },
  });
  try {
    await watch.run(ending.signal);
  } finally {
    Date.now = now;
    store.close();
  }
  assertEquals(resumes, 1);
});
