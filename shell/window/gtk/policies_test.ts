import { assert, assertEquals } from "@std/assert";
import { freePath } from "./downloads.ts";
import { nextZoom } from "./habits.ts";
import { judge } from "./policies.ts";
import { Heartbeat } from "../native/heartbeat.ts";
import { sayScript } from "../native/say.ts";

const HOME = "http://127.0.0.1:4000";

Deno.test("judge() keeps the app's origin here and sends people's links outside", () => {
  assertEquals(judge(`${HOME}/x/notes`, HOME, false), "here");
  assertEquals(judge(`blob:${HOME}/1-2`, HOME, false), "here");
  assertEquals(judge("http://127.0.0.1:4001/", HOME, true), "outside");
  assertEquals(judge("https://example.org/", HOME, true), "outside");
  assertEquals(judge("mailto:a@example.org", HOME, true), "outside");
});

Deno.test("judge() refuses what a script wants, and schemes that could do harm", () => {
  assertEquals(judge("https://example.org/", HOME, false), "refused");
  for (
    const url of ["file:///etc/passwd", "javascript:1", "data:text/html,x", "ssh://x", "nonsense"]
  ) {
    assertEquals(judge(url, HOME, true), "refused");
  }
});

Deno.test("freePath() never names a file that is there", () => {
  const there = new Set(["/d/a.txt", "/d/a (2).txt", "/d/b"]);
  const exists = (path: string) => there.has(path);
  assertEquals(freePath("/d", "a.txt", exists), "/d/a (3).txt");
  assertEquals(freePath("/d", "b", exists), "/d/b (2)");
  assertEquals(freePath("/d", "c.tar.gz", exists), "/d/c.tar.gz");
});

Deno.test("freePath() stays in the folder", () => {
  const exists = () => false;
  assertEquals(freePath("/d", "../../etc/passwd", exists), "/d/_.._etc_passwd");
  assertEquals(freePath("/d", ".bashrc", exists), "/d/bashrc");
  assertEquals(freePath("/d", "a\nb\\c", exists), "/d/a_b_c");
  assertEquals(freePath("/d", "...", exists), "/d/download");
  assert(freePath("/d", "x".repeat(1000) + ".txt", exists).endsWith("x.txt"));
});

Deno.test("nextZoom() walks the steps and stops at the ends", () => {
  assertEquals(nextZoom(1, 1), 1.1);
  assertEquals(nextZoom(1.1, -1), 1);
  assertEquals(nextZoom(3, 1), 3);
  assertEquals(nextZoom(0.5, -1), 0.5);
});

Deno.test("Heartbeat tells silence once, and its end once", () => {
  const counter = new SharedArrayBuffer(4);
  const beat = () => Atomics.add(new Int32Array(counter), 0, 1);
  const heartbeat = new Heartbeat(counter);
  const ticks = (count: number) => Array.from({ length: count }, () => heartbeat.tick());
  beat();
  assertEquals(ticks(10), Array(10).fill(undefined));
  assertEquals(ticks(3), ["stopped", undefined, undefined]);
  beat();
  assertEquals(ticks(2), ["back", undefined]);
});

Deno.test("sayScript() takes any words as words", () => {
  const words = '</script>"; alert(1) //\n\u2028`${1}';
  assert(sayScript(words).includes(JSON.stringify({ text: words })));
  new Function(sayScript(words));
});
