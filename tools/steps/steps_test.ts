import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { ROOT, step } from "./steps.ts";

/** A step over files in a folder of its own, and how often it ran. */
async function fixture() {
  await Deno.mkdir(join(ROOT, "build"), { recursive: true });
  const folder = await Deno.makeTempDir({ dir: join(ROOT, "build"), prefix: "step " });
  const name = folder.slice(ROOT.length + 1);
  const [input, output] = [join(folder, "in.ts"), join(folder, "out")];
  await Deno.writeTextFile(input, "1");
  let runs = 0;
  const attempt = async (also?: unknown, run = () => Deno.writeTextFile(output, "")) => {
    const action = async () => {
      runs++;
      await run();
    };
    await step({
      name: name.slice(6),
      inputs: [name],
      also,
      outputs: [`${name}/out`],
      run: action,
    });
    return runs;
  };
  return {
    folder,
    input,
    output,
    attempt,
    [Symbol.asyncDispose]: async () => {
      await Deno.remove(folder, { recursive: true });
      await Deno.remove(join(ROOT, "build", "stamps", name.slice(6).replaceAll(" ", "-")));
    },
  };
}

Deno.test("a step runs again only if something it depends on changed", async () => {
  await using at = await fixture();
  await Deno.writeTextFile(at.output, "");
  assertEquals(await at.attempt(), 1);
  assertEquals(await at.attempt(), 1);
  await Deno.writeTextFile(at.input, "2");
  assertEquals(await at.attempt(), 2);
  assertEquals(await at.attempt("another version"), 3);
  await Deno.writeTextFile(join(at.folder, "in_test.ts"), "a test");
  assertEquals(await at.attempt("another version"), 3);
  await Deno.remove(at.output);
  assertEquals(await at.attempt("another version"), 4);
});

Deno.test("a step that failed isn't done", async () => {
  await using at = await fixture();
  await Deno.writeTextFile(at.output, "");
  await assertRejects(() => at.attempt("", () => Promise.reject(new Error("no"))), Error, "no");
  assertEquals(await at.attempt(""), 2);
});
