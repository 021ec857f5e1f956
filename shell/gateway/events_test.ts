import { assertEquals } from "@std/assert";
import { EventHub } from "./events.ts";

/** Reads the events of a stream, without comments and retry lines. */
function listen(hub: EventHub, last: string | null) {
  const ended = new AbortController();
  const response = hub.stream(last, ended.signal);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const next = async (): Promise<string[]> => {
    const { value = "" } = await reader.read();
    return value.split("\n\n").filter((block) => /^event:/m.test(block));
  };
  return { next, end: () => ended.abort(), reader };
}

Deno.test("a page hears what is published, in order, with ids", async () => {
  const hub = new EventHub();
  const page = listen(hub, null);
  assertEquals(await page.next(), ["event: hello\nid: 0\ndata: {}"]);
  hub.publish({ topic: "notes", id: "n1" });
  assertEquals(await page.next(), ['event: changed\nid: 1\ndata: {"topic":"notes","id":"n1"}']);
  page.end();
  assertEquals((await page.reader.read()).done, true);
  assertEquals(hub.listeners, 0);
});

Deno.test("a page that comes back is told what it missed", async () => {
  const hub = new EventHub();
  hub.publish({ topic: "notes", id: "n1" });
  hub.publish({ topic: "threads", id: "t1" });
  const page = listen(hub, "1");
  assertEquals(await page.next(), ['event: changed\nid: 2\ndata: {"topic":"threads","id":"t1"}']);
  page.end();
});

Deno.test("a gap that can't be told, or an id of another life, means reset", async () => {
  const hub = new EventHub();
  for (let i = 0; i < 600; i++) hub.publish({ topic: "notes" });
  for (const last of ["1", "99", "601", "nonsense"]) {
    const page = listen(hub, last);
    assertEquals(await page.next(), ["event: reset\nid: 600\ndata: {}"]);
    page.end();
  }
});

Deno.test("a reader that goes away is forgotten", async () => {
  const hub = new EventHub();
  const page = listen(hub, null);
  await page.next();
  assertEquals(hub.listeners, 1);
  await page.reader.cancel();
  hub.publish({ topic: "notes" });
  assertEquals(hub.listeners, 0);
});

Deno.test("whether anybody listens is told", async () => {
  const counts: number[] = [];
  const hub = new EventHub((count) => counts.push(count));
  const [one, two] = [listen(hub, null), listen(hub, null)];
  one.end();
  await two.reader.cancel();
  assertEquals(counts, [1, 2, 1, 0]);
});

Deno.test("an end is told to all, and only pages are waited for", async () => {
  const hub = new EventHub();
  const ending = new AbortController();
  assertEquals(hub.hadPages, false);
  const script = hub.stream(null, ending.signal, false);
  assertEquals([hub.listeners, hub.pages, hub.hadPages], [1, 0, false]);
  const page = hub.stream(null, ending.signal, true);
  assertEquals([hub.listeners, hub.pages, hub.hadPages], [2, 1, true]);
  hub.close("word");
  ending.abort();
  for (const text of await Promise.all([script.text(), page.text()])) {
    assertEquals(text.match(/event: closing\ndata: \{"closing":"word"\}\n\n/g)?.length, 1);
  }
  assertEquals([hub.last, hub.pages, hub.hadPages], [0, 0, true]);
});
