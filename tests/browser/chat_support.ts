import type { Page } from "playwright-core";
import { ScriptedModel } from "../fixtures/scripted_model.ts";
import { type Erth, poll } from "../harness.ts";
import { openId, type Visit, visit, type VisitOptions } from "./browser.ts";

/** A visit to the chat of somebody who has a model. */
export interface Chat extends Visit {
  model: ScriptedModel;
}

/** A message as scripts see it. */
export interface Message {
  id: string;
  role: string;
  state: string;
  body: string;
  actions?: { tool: string; state: string }[];
}

/** A test of one visit, with a scripted model that is connected and the default. */
export function chat(
  name: string,
  run: (chat: Chat) => Promise<unknown>,
  options: VisitOptions = {},
): void {
  let model: ScriptedModel;
  visit(name, async (it) => {
    using scripted = model;
    await run({ ...it, model: scripted });
  }, {
    route: "chat",
    ...options,
    prepare: async (erth) => {
      model = new ScriptedModel();
      await connect(erth, model);
      await options.prepare?.(erth);
    },
  });
}

/** Sets the model up as a person would, and waits until the sidecar knows of it. */
export async function connect(erth: Erth, model: ScriptedModel): Promise<void> {
  await erth.json("shell/models/endpoint", { url: model.url, title: "Scripted" });
  await poll(async () => (await (await erth.fetch("chat")).text()).includes("scripted"));
}

/** Asks in the open conversation, or begins one. */
export async function ask(page: Page, question: string): Promise<void> {
  await page.locator(".composer [name=question]").fill(question);
  await page.keyboard.press("Enter");
}

/** Waits until as many answers stand there, all of them ended. */
export async function answered(page: Page, count = 1): Promise<void> {
  await page.locator(".answer:not([aria-busy]) .prose").nth(count - 1)
    .waitFor({ state: "attached" });
}

/** The open conversation as it is stored. */
export async function messages(erth: Erth, page: Page): Promise<Message[]> {
  return (await erth.json<{ messages: Message[] }>(`chat/${openId(page)}`)).messages;
}

/** How far the reader is from the end, in pixels. */
export function fromEnd(page: Page): Promise<number> {
  return page.locator(".scroll").evaluate((it) => Math.round(-it.scrollTop));
}
