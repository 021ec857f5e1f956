/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import { addNote, counts, openId, reads, storedNote, storedNotes, until } from "./browser.ts";
import { answered, ask, chat, messages } from "./chat_support.ts";

const CREATE = { tool: "create_note", arguments: { title: "Shopping", text: "Milk" } };

chat("a tool that changes something asks; once is once, and can be taken back", async (it) => {
  const { page, model, erth } = it;
  model.next("I make it. ", CREATE);
  model.next("It is made.");
  await ask(page, "Make a shopping list");
  const asking = page.locator(".action[data-state=asking]");
  await reads(asking, "Shopping");
  await reads(page.locator("#said"), "Permission is asked");
  assertEquals(await storedNotes(erth), []);
  // From the field that one types in, backwards.
  await page.locator(".composer [name=question]:focus").waitFor();
  const once = asking.getByRole("button", { name: "Once" });
  for (let step = 0; step < 12; step++) {
    await page.keyboard.press("Shift+Tab");
    if (await once.evaluate((it) => it === document.activeElement)) break;
  }
  await page.keyboard.press("Enter");
  await reads(page.locator(".answer .prose"), "It is made.");
  await answered(page);
  assertEquals((await storedNotes(erth)).map(({ title }) => title), ["Shopping"]);
  await page.locator(".action").getByRole("button", { name: "Undo" }).click();
  await reads(page.locator(".action"), "Taken back.");
  assertEquals(await storedNotes(erth), []);

  model.next(CREATE);
  model.next("Then not.");
  await ask(page, "Make it again");
  await asking.getByRole("button", { name: "No", exact: true }).click();
  await reads(page.locator(".action").last(), "Not allowed.");
  await answered(page, 2);
  assertEquals(await storedNotes(erth), []);
});

chat("always holds for this conversation, and for no other", async ({ page, model, erth }) => {
  model.next(CREATE);
  model.next("Made.");
  await ask(page, "Make a list");
  await page.getByRole("button", { name: "Always in this conversation" }).click();
  await answered(page);
  model.next(CREATE);
  model.next("Made again.");
  await ask(page, "And another");
  await reads(page.locator(".answer .prose").last(), "Made again.");
  assertEquals((await storedNotes(erth)).length, 2);
  await page.locator(".list a[aria-label='New conversation']").click();
  await page.locator(".asking").waitFor();
  model.next(CREATE);
  await ask(page, "And here?");
  await page.locator(".action[data-state=asking]").waitFor();
  await page.keyboard.press("Escape");
  await answered(page);
  assertEquals((await storedNotes(erth)).length, 2);
});

chat("an answer cites what it was given, and the passage opens highlighted", async (it) => {
  const { page, model, erth } = it;
  const id = await addNote(erth, "Comets", "Long before.\n\nHalley comes every 76 years.");
  model.next("Every 76 years [1].");
  await ask(page, "How often does Halley come?");
  await answered(page);
  await page.getByRole("button", { name: "Show the passage" }).first().click();
  await reads(page.locator(".passage:popover-open"), "76 years");
  await page.keyboard.press("Escape");
  await page.locator(".cites a").first().click();
  await until(() => openId(page) === id);
  await reads(page.locator("#main mark"), "Halley");
  assertEquals((await storedNote(erth, id)).title, "Comets");
});

chat("model and first words are each conversation's own", async ({ page, model, erth }) => {
  model.next("One.");
  await ask(page, "First?");
  await answered(page);
  await page.getByRole("button", { name: "Model and more" }).click();
  await page.getByLabel("What the model is told first").fill("Speak like a pirate.");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.locator(".settings").waitFor({ state: "hidden" });
  model.next("Arr.");
  await ask(page, "Second?");
  await answered(page, 2);
  const [system] = model.asked.at(-1)!.messages;
  assert(system!.content!.includes("Speak like a pirate."), system!.content!);
  await page.getByRole("button", { name: "Model and more" }).click();
  await page.locator(".settings select[name=model]").selectOption("quote");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await reads(page.locator(".meter"), "No model");
  const asked = model.asked.length;
  await ask(page, "Third?");
  await answered(page, 3);
  assertEquals(model.asked.length, asked);
  await erth.json("chat/new", { question: "Elsewhere?" });
  await until(() => model.asked.length === asked + 1);
  assert(!JSON.stringify(model.asked.at(-1)!.messages).includes("pirate"));
});

chat("a temporary conversation leaves no trace", async ({ page, model, erth }) => {
  await page.getByRole("link", { name: "Temporary conversation" }).click();
  await reads(page.locator("#main"), "Ask without a trace");
  model.next("Whispered back.");
  await ask(page, "A whispered secret");
  await answered(page);
  await reads(page.locator("#main"), "Nothing of it is kept.");
  await page.reload();
  await reads(page.locator(".question"), "A whispered secret");
  assertEquals((await erth.json<{ threads: [] }>("chat")).threads, []);
  assertEquals((await erth.json<{ hits?: [] }>("chat/search?q=whispered")).hits ?? [], []);
  await page.getByRole("button", { name: "Close", exact: true }).first().click();
  await reads(page.locator("#main"), "Ask without a trace");
  for (const suffix of ["", "-wal"]) {
    const bytes = await Deno.readTextFile(`${erth.data}/local_edge.db${suffix}`);
    assert(!/whispered/i.test(bytes), `local_edge.db${suffix} has it`);
  }
  assert(!/whispered/i.test(await Deno.readTextFile(`${erth.data}/logs/erth.log`)));
});

const FULL = {
  status: 400,
  error: {
    message: "the request exceeds the available context size",
    type: "exceed_context_size_error",
    n_prompt_tokens: 5000,
    n_ctx: 4096,
  },
};

chat("a full context leaves the choice", async ({ page, model, erth }) => {
  model.next("One.");
  await ask(page, "First?");
  await answered(page);
  model.next(FULL);
  model.next(FULL);
  await ask(page, "Second?");
  await reads(page.locator(".answer .trouble, .meter .trouble"), "");
  await page.getByRole("button", { name: "Leave out the oldest from now on" }).waitFor();
  await page.getByRole("button", { name: "Start anew with this question" }).waitFor();
  const first = openId(page);
  model.next("Answered anew.");
  await page.getByRole("button", { name: "Start anew with this question" }).click();
  await until(() => openId(page) !== first);
  await reads(page.locator(".question"), "Second?");
  await reads(page.locator(".answer .prose"), "Answered anew.");
  await counts(page.locator(".question"), 1);
  assertEquals((await messages(erth, page)).length, 2);
}, { expected: /400/ });

for (
  const [name, refusal, words] of [
    ["refuses the key", { status: 401, error: { message: "no" } }, "key"],
    ["is overloaded", { status: 500, error: { message: "out of luck" } }, "out of luck"],
  ] as const
) {
  chat(`a model that ${name} says so where the answer would be`, async ({ page, model }) => {
    for (let times = 0; times < 4; times++) model.next(refusal);
    await ask(page, "Hello?");
    await reads(page.locator(".answer .trouble"), words);
    model.next("Now it works.");
    await until(async () => await page.getByRole("button", { name: "Try again" }).count() === 1);
  });
}
