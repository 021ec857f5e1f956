import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ScriptedModel } from "../fixtures/scripted_model.ts";
import { Erth, erth as command } from "../harness.ts";

const NO_SCREEN = { DISPLAY: "", WAYLAND_DISPLAY: "" };

/** A model that a test writes, and commands against an instance that has it. */
class Desk implements AsyncDisposable {
  readonly model = new ScriptedModel();
  readonly erth: Erth;
  /** The model's reference. */
  ref = "";

  private constructor(erth: Erth) {
    this.erth = erth;
  }

  static async open(): Promise<Desk> {
    const desk = new Desk(await Erth.start());
    const { code, out } = await desk.run(["model", "endpoint", "add", desk.model.url, "--json"]);
    assertEquals(code, 0, out);
    const { models } = await desk.erth.json<{ models: { ref: string }[] }>("models");
    desk.ref = models.find(({ ref }) => ref.endsWith("/scripted"))!.ref;
    return desk;
  }

  async run(words: string[], stdin?: string): Promise<{ code: number; out: string; err: string }> {
    const args = [...words, "--data", this.erth.data];
    const { code, stdout, stderr } = await command(args, { stdin, env: NO_SCREEN });
    return { code, out: stdout.trimEnd(), err: stderr.trimEnd() };
  }

  ask(question: string, ...more: string[]): Promise<{ code: number; out: string; err: string }> {
    return this.run(["ask", question, "--model", this.ref, ...more]);
  }

  /** Names of all conversations. */
  async titles(): Promise<string[]> {
    const { threads } = await this.erth.json<{ threads: { title: string }[] }>("chat");
    return threads.map(({ title }) => title);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.erth[Symbol.asyncDispose]();
    this.model[Symbol.dispose]();
  }
}

Deno.test("ask has the model that is named answer, in words or as JSON", async () => {
  await using desk = await Desk.open();
  desk.model.next("The lease ", "ends in **May**.");
  assertEquals(await desk.ask("When?"), { code: 0, out: "The lease ends in **May**.", err: "" });
  desk.model.next("In May.");
  const { code, out } = await desk.ask("When?", "--json");
  const { state, body, stats, question } = JSON.parse(out);
  assertEquals([code, state, body, stats.model, question], [
    0,
    "done",
    "In May.",
    desk.ref,
    "When?",
  ]);
});

Deno.test("ask reads standard input where the question has a -", async () => {
  await using desk = await Desk.open();
  desk.model.next("Roofs.");
  const words = ["ask", "What is this about?", "-", "--model", desk.ref];
  assertEquals((await desk.run(words, "The roof leaks.\n")).out, "Roofs.");
  const question = desk.model.asked[0]!.messages.at(-1)!.content;
  assertStringIncludes(question!, "What is this about?\n\nThe roof leaks.");
});

Deno.test("ask answers from files that are attached", async () => {
  await using desk = await Desk.open();
  const path = await Deno.makeTempFile({ suffix: ".txt" });
  await Deno.writeTextFile(path, "The gate code is 4711.");
  desk.model.next("It is 4711.");
  const { code, out } = await desk.ask("What is the gate code?", "--file", path, "--json");
  assertEquals(code, 0, out);
  const { citations } = JSON.parse(out);
  assertEquals(citations.map((it: { passage: string }) => it.passage), ["The gate code is 4711."]);
  assertStringIncludes(JSON.stringify(desk.model.asked[0]), "The gate code is 4711.");
  await Deno.remove(path);
});

Deno.test("ask says why there is no answer, and leaves no empty conversation", async () => {
  await using desk = await Desk.open();
  for (
    const [more, exit, code] of [
      [["--model", "local/none.gguf"], 3, "MODEL_NOT_FOUND"],
      [["--file", "/nowhere/at/all.txt"], 3, "FILE_NOT_FOUND"],
    ] as const
  ) {
    const { code: exited, out } = await desk.run(["ask", "x", ...more, "--json"]);
    assertEquals([exited, JSON.parse(out).error.code], [exit, code]);
  }
  assertEquals(await desk.titles(), []);
  desk.model.next({ status: 401, error: { message: "no" } });
  const refused = await desk.ask("x");
  assertEquals([refused.code, refused.out], [10, ""]);
  assertStringIncludes(refused.err, "[ENDPOINT_AUTH]");
  desk.model.next({ status: 401, error: { message: "no" } });
  const { code, out } = await desk.ask("x", "--json");
  const { state, stats } = JSON.parse(out);
  assertEquals([code, state, stats.code], [10, "failed", "ENDPOINT_AUTH"]);
});

Deno.test("a tool that changes something does nothing where nobody can be asked", async () => {
  await using desk = await Desk.open();
  desk.model.next({ tool: "create_note", arguments: { title: "Mine", text: "x" } });
  desk.model.next("I may not.");
  const { code, out, err } = await desk.ask("Make a note.");
  assertEquals([code, out], [0, "I may not."]);
  assertStringIncludes(err, "Not allowed:");
  const { total } = await desk.erth.json<{ total: number }>("notes");
  assertEquals(total, 0);
  const last = desk.model.asked.at(-1)!.messages.at(-1)!;
  assert(last.role === "tool", "The model hears of it");
});
