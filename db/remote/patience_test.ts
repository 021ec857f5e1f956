import { assert, assertEquals, assertRejects } from "@std/assert";
import { fetchPatiently } from "./patience.ts";

const NEVER = new AbortController().signal;

/** A request of so many bytes. */
function request(bytes = 10): Request {
  return new Request("http://stand-in", { method: "POST", body: "x".repeat(bytes) });
}

/** An answer that comes in pieces of so many bytes, one every `ms` milliseconds. */
function trickle(pieces: number, bytes: number, ms: number): typeof fetch {
  return (_, init) => {
    let left = pieces;
    let timer = 0;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        init!.signal!.addEventListener("abort", () => {
          clearTimeout(timer);
          controller.error(init!.signal!.reason);
        });
      },
      pull: (controller) =>
        new Promise((resolve) => {
          timer = setTimeout(() => {
            if (left-- > 0) controller.enqueue(new Uint8Array(bytes));
            else controller.close();
            resolve();
          }, ms);
        }),
    });
    return Promise.resolve(new Response(body, { status: 201, headers: { "x-kept": "yes" } }));
  };
}

/** Never answers, and heeds the signal. */
const hang: typeof fetch = (_, init) =>
  new Promise((_, reject) =>
    init!.signal!.addEventListener("abort", () => reject(init!.signal!.reason))
  );

Deno.test("an answer comes through as it is", async () => {
  const response = await fetchPatiently(trickle(3, 100, 0), request(), NEVER);
  assertEquals([response.status, response.headers.get("x-kept")], [201, "yes"]);
  assertEquals((await response.arrayBuffer()).byteLength, 300);
  const empty = () => Promise.resolve(new Response(null, { status: 204 }));
  assertEquals((await fetchPatiently(empty, request(), NEVER)).body, null);
});

Deno.test("without an answer it gives up", async () => {
  const error = await assertRejects(() => fetchPatiently(hang, request(), NEVER, 20), DOMException);
  assertEquals(error.name, "TimeoutError");
});

Deno.test("a slow line isn't given up, a trickle is", async () => {
  // 2 KB each 2 ms are a megabyte a second.
  const slow = await fetchPatiently(trickle(40, 20_000, 2), request(), NEVER, 20);
  assertEquals((await slow.arrayBuffer()).byteLength, 800_000);
  const thin = await fetchPatiently(trickle(1_000, 1, 2), request(), NEVER, 20);
  await assertRejects(() => thin.arrayBuffer(), DOMException);
});

Deno.test("much that is sent takes its time", async () => {
  const start = performance.now();
  await assertRejects(() => fetchPatiently(hang, request(10_000), NEVER, 1), DOMException);
  // 10 KB are given 100 ms.
  assert(performance.now() - start > 90);
});

Deno.test("it ends when it is told to", async () => {
  const ending = new AbortController();
  const hanging = fetchPatiently(hang, request(), ending.signal);
  ending.abort(new Error("over"));
  await assertRejects(() => hanging, Error, "over");
  await assertRejects(() => fetchPatiently(hang, request(), ending.signal), Error, "over");
});
