import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { BINARY, Erth, poll } from "../harness.ts";
import { writeModel } from "../models/support.ts";

const TINY = "local/tiny.gguf";

interface Models {
  models: { ref: string; state: string }[];
}

Deno.test("a program that is replaced while it runs goes on with its own parts", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "replaced test " });
  try {
    const [binary, data] = [join(folder, "erth"), join(folder, "data")];
    await Deno.copyFile(BINARY, binary);
    await Deno.mkdir(join(data, "models"), { recursive: true });
    await writeModel(join(data, "models", "tiny.gguf"));
    await using erth = await Erth.start({ binary, data });
    const sidecar = await erth.sidecar();

    // As `mv new erth` does, with something that is no program at all.
    await Deno.writeTextFile(`${binary}.new`, "another version\n".repeat(1_000));
    await Deno.rename(`${binary}.new`, binary);

    await t.step("a part that is unpacked only now", async () => {
      await erth.json("shell/models/load", { ref: TINY });
      await poll(async () => {
        const { models } = await erth.json<Models>("models");
        const { state } = models.find(({ ref }) => ref === TINY)!;
        assert(state !== "failed", "the model's part can't be had");
        return state === "ready";
      });
    });

    await t.step("a part that has to be unpacked again", async () => {
      const cache = join(data, "cache");
      const name = [...Deno.readDirSync(cache)].map(({ name }) => name)
        .find((name) => /^sidecar-[0-9a-f]{16}$/.test(name))!;
      await Deno.remove(join(cache, name), { recursive: true });
      Deno.kill(sidecar, "SIGKILL");
      await erth.sidecar(sidecar);
      await erth.json("notes");
    });

    await t.step("page and style", async () => {
      for (const path of ["", "assets/app.css"]) {
        const answer = await erth.fetch(path, { headers: { "sec-fetch-mode": "navigate" } });
        assertEquals(answer.status, 200);
        assert((await answer.text()).length > 1_000);
      }
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
