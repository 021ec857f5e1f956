import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { ScriptedModel } from "../fixtures/scripted_model.ts";
import { poll } from "../harness.ts";
import { Desk, sidecarOf } from "./desk.ts";

/** What a page takes at most for its next step; else the whole is tried again. */
const PAUSE_MS = 800;

interface Message {
  role: string;
  state: string;
  body: string;
}

/** A person at the chat of a real window, and a script's way to look at what is stored. */
class Person {
  readonly #desk: Desk;
  readonly #model: ScriptedModel;

  constructor(desk: Desk, model: ScriptedModel) {
    this.#desk = desk;
    this.#model = model;
  }

  async json<T>(path: string, form?: Record<string, string>): Promise<T> {
    const { token, url } = await this.#desk.running();
    const response = await fetch(new URL(path, url), {
      method: form === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${token}`, accept: "application/json" },
      body: form && new URLSearchParams(form),
    });
    return await response.json();
  }

  /** The messages of the only conversation. */
  async messages(): Promise<Message[]> {
    const { threads: [thread] } = await this.json<{ threads: { id: string }[] }>("chat");
    return (await this.json<{ messages: Message[] }>(`chat/${thread!.id}`)).messages;
  }

  /** Until the page listens, keys go nowhere: tries until the model is asked. */
  async ask(question: string): Promise<void> {
    const { screen } = this.#desk;
    await poll(async () => {
      await screen.focus(await screen.window("Erth"));
      await screen.press("Escape", "ctrl+k");
      await screen.type("chat");
      await delay(PAUSE_MS);
      await screen.press("Return");
      await delay(PAUSE_MS);
      await screen.type(question);
      await screen.press("Return");
      return await poll(() => this.#model.asked.length > 0, 4_000);
    }, 60_000);
  }
}

Deno.test("a person asks, stops, edits, asks on and survives a kill in the window", async () => {
  await using desk = await Desk.open();
  using model = new ScriptedModel();
  const { screen } = desk;
  const person = new Person(desk, model);
  const sidecar = await sidecarOf(desk);
  await person.json("shell/models/endpoint", { url: model.url, title: "Scripted" });
  const first = model.open();
  await person.ask("How far");
  first.say("As far as ");
  await poll(async () => (await person.messages())[1]?.body.includes("As far as"));
  await screen.press("Escape");
  await poll(async () => (await person.messages())[1]?.state === "stopped");

  model.next("Quite far.");
  await screen.press("Up");
  await screen.type(" is the moon");
  await screen.press("ctrl+Return");
  await poll(async () => (await person.messages())[1]?.body === "Quite far.");
  assertEquals((await person.messages())[0]!.body, "How far is the moon");

  const second = model.open();
  await poll(async () => (await person.messages())[1]?.state === "done");
  await screen.type("And");
  await screen.press("shift+Return");
  await screen.type("the sun");
  await screen.press("Return");
  second.say("Much farther, ");
  await poll(async () => (await person.messages())[3]?.body.includes("Much farther"));
  assertEquals((await person.messages())[2]!.body, "And\nthe sun");
  Deno.kill(sidecar, "SIGKILL");
  await poll(async () => await sidecarOf(desk) !== sidecar);
  const answer = await poll(async () => {
    const [, , , answer] = await person.messages();
    return answer?.state !== "running" && answer;
  });
  assert(answer.body.length > 0, JSON.stringify(answer));
  assert(await screen.colours(await screen.window("Erth")) > 50);
});
