import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { AssistantFile } from "./settings.ts";

async function within(run: (data: string) => void): Promise<void> {
  const data = await Deno.makeTempDir();
  run(data);
  await Deno.remove(data, { recursive: true });
}

const ENDPOINT = {
  id: "ollama",
  title: "Ollama",
  preset: "ollama",
  url: "http://127.0.0.1:11434/v1",
  key: "sk-1",
  models: [{ name: "m" }],
};

Deno.test("what is set is kept, for this person's eyes alone", () =>
  within((data) => {
    let changes = 0;
    const file = new AssistantFile(data, () => changes++);
    assertEquals(file.used, null);
    file.change((content) => {
      content.default = "local/a.gguf";
      content.paths["a.gguf"] = "/models/a.gguf";
      content.models["local/a.gguf"] = { temperature: 0.5 };
      content.endpoints = [ENDPOINT];
    });
    file.change(() => {});
    assertEquals(changes, 1);
    const again = new AssistantFile(data);
    assertEquals(again.content, file.content);
    assertEquals(again.used, "local/a.gguf");
    assertEquals(again.settings("local/a.gguf"), { temperature: 0.5 });
    assertEquals(again.settings("local/b.gguf"), {});
    assertEquals(Deno.statSync(join(data, "assistant.json")).mode! & 0o777, 0o600);
    assertEquals([...Deno.readDirSync(data)].length, 1);
  }));

Deno.test("quote is a choice, and means no model", () =>
  within((data) => {
    const file = new AssistantFile(data);
    file.change((content) => content.default = "quote");
    assertEquals([file.used, file.content.default], [null, "quote"]);
  }));

Deno.test("what isn't as it should be counts as not there", () =>
  within((data) => {
    const texts = [
      "{",
      "[]",
      "null",
      JSON.stringify({ default: 7, paths: [1], models: { a: 1 }, failed: { a: {} } }),
      JSON.stringify({ endpoints: [{ id: "a" }, 7, { ...ENDPOINT, models: "x" }] }),
    ];
    for (const text of texts) {
      Deno.writeTextFileSync(join(data, "assistant.json"), text);
      const { content } = new AssistantFile(data);
      const { default: chosen, endpoints, failed, models, paths } = content;
      assertEquals([chosen, endpoints, failed, models, paths], [null, [], {}, {}, {}], text);
    }
    Deno.writeTextFileSync(
      join(data, "assistant.json"),
      JSON.stringify({ endpoints: [ENDPOINT, 7] }),
    );
    assert(new AssistantFile(data).content.endpoints.length === 1);
  }));

Deno.test("a file that can't be understood is set aside before another takes its place", () =>
  within((data) => {
    const path = join(data, "assistant.json");
    Deno.writeTextFileSync(path, '{"endpoints":[{"key":"sk-1"');
    const file = new AssistantFile(data);
    assertEquals(file.content.endpoints, []);
    file.change((content) => content.default = "local/a.gguf");
    const aside = `${path}.unreadable`;
    assertEquals(Deno.readTextFileSync(aside), '{"endpoints":[{"key":"sk-1"');
    assertEquals(Deno.statSync(aside).mode! & 0o777, 0o600);
    assertEquals(new AssistantFile(data).used, "local/a.gguf");
  }));
