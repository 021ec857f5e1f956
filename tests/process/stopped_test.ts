import { assert, assertEquals } from "@std/assert";
import { Erth } from "../harness.ts";
import { allNotes, askAtLength, freeze, readAnswer } from "./support.ts";

/** Stops the sidecar as a debugger or a hung disk would: its port stays open, nobody answers. */
async function stopSidecar(erth: Erth): Promise<number> {
  const pid = await erth.sidecar();
  await freeze(pid);
  return pid;
}

const CASES: Record<string, (erth: Erth) => Promise<void>> = {
  "while idle": async (erth) => {
    const stopped = await stopSidecar(erth);
    await erth.sidecar(stopped);
    await erth.json("notes");
  },
  "under a GET": async (erth) => {
    const { id } = await erth.json<{ id: string }>("notes", { title: "Kept" });
    await stopSidecar(erth);
    assertEquals((await erth.json<{ title: string }>(`notes/${id}`)).title, "Kept");
  },
  "under a form": async (erth) => {
    await stopSidecar(erth);
    await erth.json("notes", { title: "Once" });
    assertEquals((await allNotes(erth)).map(({ title }) => title), ["Once"]);
  },
  "under an answer's stream": async (erth) => {
    const address = await askAtLength(erth);
    const pid = await erth.sidecar();
    let pieces = 0;
    const { text, end, breaks } = await readAnswer(erth, address, () => {
      if (pieces++ === 3) Deno.kill(pid, "SIGSTOP");
    });
    assertEquals([end.state, text, breaks], ["done", end.body, 1]);
  },
};

// Side by side: each waits for the watchdog, which is in no hurry.
Deno.test("a stopped sidecar is replaced", async (test) => {
  const passed = await Promise.all(
    Object.entries(CASES).map(([name, run]) =>
      test.step({
        name,
        fn: async () => {
          await using erth = await Erth.start();
          await run(erth);
          const { restarts } = (await erth.report()).sidecar;
          assertEquals(restarts.map(({ reason }) => reason), ["No answer to 3 probes in a row"]);
        },
        sanitizeExit: false,
        sanitizeOps: false,
        sanitizeResources: false,
      })
    ),
  );
  assert(passed.every(Boolean));
});
