import { assertEquals, assertRejects } from "@std/assert";
import { ErthError } from "../../errors.ts";
import { readBody } from "./body.ts";

function sent(body: BodyInit | null, headers: Record<string, string> = {}): Request {
  return new Request("http://127.0.0.1/", { method: "POST", body, headers });
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => work, ErthError)).code;
}

Deno.test("a body is read whole, and none is nothing", async () => {
  const text = new TextDecoder();
  assertEquals(text.decode(await readBody(sent("words"), { most: 5 })), "words");
  assertEquals((await readBody(sent(null), { most: 0 })).byteLength, 0);
});

Deno.test("one that is too large is refused, and its sender stopped", async () => {
  let stopped = false;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1_000)),
    cancel: () => void (stopped = true),
  });
  assertEquals(await codeOf(readBody(sent(endless), { most: 10_000 })), "BODY_TOO_LARGE");
  assertEquals(stopped, true);
});

Deno.test("one that says itself that it is too large is refused unread", async () => {
  let read = false;
  const body = new ReadableStream<Uint8Array>({ pull: () => void (read = true) }, {
    highWaterMark: 0,
  });
  const request = sent(body, { "content-length": "11" });
  assertEquals(await codeOf(readBody(request, { most: 10 })), "BODY_TOO_LARGE");
  assertEquals(read, false);
});

Deno.test("one that pauses or breaks off is refused", async () => {
  const mute = new ReadableStream<Uint8Array>();
  assertEquals(await codeOf(readBody(sent(mute), { most: 10, pause: 5 })), "BAD_REQUEST");
  const broken = new ReadableStream<Uint8Array>({ start: (it) => it.error(new Error("Gone")) });
  assertEquals(await codeOf(readBody(sent(broken), { most: 10 })), "BAD_REQUEST");
});
