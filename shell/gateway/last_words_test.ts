import { assertEquals } from "@std/assert";
import { LineLog } from "../../log.ts";
import { FakeClock, settle } from "../../tests/fixtures/fake_clock.ts";
import { Drafts } from "./drafts.ts";
import { LastWords, SAVING_MS } from "./last_words.ts";

const TEXT = { path: "notes/1", fields: { title: "", body: "Typed" } };
const OTHER = { path: "notes/2", fields: { title: "", body: "Elsewhere" } };

async function within(
  run: (it: { words: LastWords; clock: FakeClock; kept: () => string[] }) => Promise<void>,
): Promise<void> {
  const data = await Deno.makeTempDir();
  const drafts = new Drafts(data);
  const clock = new FakeClock();
  let ids = 0;
  const mintId = () => String(++ids);
  const words = new LastWords({ drafts, clock, mintId, log: new LineLog(() => {}) });
  await run({ words, clock, kept: () => drafts.list().map(({ fields }) => fields.body!) });
  await Deno.remove(data, { recursive: true });
}

/** Whether it has resolved. */
function watch(promise: Promise<unknown>): () => boolean {
  let isDone = false;
  void promise.then(() => isDone = true);
  return () => isDone;
}

Deno.test("without pages there is nothing to wait for", () =>
  within(async ({ words }) => await words.saved("c", 0)));

Deno.test("an end waits until each page has saved what it had", () =>
  within(async ({ words, clock, kept }) => {
    const isSaved = watch(words.saved("c", 2));
    words.hear({ closing: "c", page: "a", unsaved: [TEXT] });
    words.hear({ closing: "c", page: "b", unsaved: [] });
    await clock.advance(100);
    assertEquals(isSaved(), false);
    words.hear({ closing: "c", page: "a", unsaved: [] });
    await clock.advance(100);
    assertEquals([isSaved(), kept(), clock.pending], [true, [], 0]);
  }));

Deno.test("a page that answers another closing doesn't count", () =>
  within(async ({ words, clock }) => {
    const isSaved = watch(words.saved("c", 1));
    words.hear({ closing: "before", page: "a", unsaved: [] });
    await clock.advance(100);
    assertEquals(isSaved(), false);
    words.hear({ closing: "c", page: "a", unsaved: [] });
    await clock.advance(100);
    assertEquals(isSaved(), true);
  }));

Deno.test("another tab that speaks a moment later is waited for", () =>
  within(async ({ words, clock }) => {
    const isSaved = watch(words.saved("c", 1));
    words.hear({ closing: "c", page: "a", unsaved: [] });
    await settle();
    words.hear({ closing: "c", page: "b", unsaved: [OTHER] });
    await clock.advance(100);
    assertEquals(isSaved(), false);
    words.hear({ closing: "c", page: "b", unsaved: [] });
    await clock.advance(100);
    assertEquals(isSaved(), true);
  }));

Deno.test("what isn't saved is kept when Erth ends, once", () =>
  within(async ({ words, clock, kept }) => {
    words.hear({ closing: "c", page: "a", unsaved: [TEXT, OTHER] });
    words.keep();
    words.keep();
    await clock.advance(SAVING_MS * 2);
    assertEquals([kept(), clock.pending], [["Typed", "Elsewhere"], 0]);
  }));

Deno.test("a window that goes while Erth runs on leaves its words behind", () =>
  within(async ({ words, clock, kept }) => {
    words.hear({ closing: "c", page: "a", unsaved: [TEXT] });
    await clock.advance(SAVING_MS - 1);
    assertEquals(kept(), []);
    await clock.advance(1);
    assertEquals(kept(), ["Typed"]);
  }));

Deno.test("words that are saved after all are no draft any more", () =>
  within(async ({ words, clock, kept }) => {
    words.hear({ closing: "c", page: "a", unsaved: [TEXT] });
    words.hear({ closing: "d", page: "b", unsaved: [OTHER] });
    await clock.advance(SAVING_MS);
    words.hear({ closing: "c", page: "a", unsaved: [] });
    assertEquals(kept(), ["Elsewhere"]);
  }));
