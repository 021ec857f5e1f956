import { assertEquals, assertRejects } from "@std/assert";
import { ErthError } from "../../errors.ts";
import { readForm, readUnwanted } from "./form.ts";

function request(body: string | undefined, type = "application/json"): Request {
  const headers = { "content-type": type };
  return new Request("http://127.0.0.1:1/p/shell/a", { method: "POST", body, headers });
}

Deno.test("a form and a script's JSON say the same", async () => {
  const expected = { url: "libsql://a b", merge: "1" };
  const form = request("url=libsql%3A%2F%2Fa+b&merge=1", "application/x-www-form-urlencoded");
  assertEquals(await readForm(form), expected);
  const json = request('{"url":"libsql://a b","merge":true,"names":[1],"nothing":null}');
  assertEquals(await readForm(json), expected);
  assertEquals(await readForm(request(undefined)), {});
  assertEquals(await readForm(request('{"merge":false}')), { merge: "" });
});

Deno.test("what is too large or broken is refused, and not repeated", async () => {
  const cases: [string, string][] = [
    ["x".repeat(70_000), "BODY_TOO_LARGE"],
    ['{"token":"s3cret"', "BAD_REQUEST"],
    ['"s3cret"', "BAD_REQUEST"],
  ];
  for (const [body, code] of cases) {
    const error = await assertRejects(() => readForm(request(body)), ErthError);
    assertEquals([error.code, error.detail.includes("s3cret")], [code, false]);
  }
});

Deno.test("a body that is refused, or that nobody wants, is read to its end, within reason", async () => {
  for (const [read, chunks, asked] of [[readForm, 100, 100], [readUnwanted, 500, 257]] as const) {
    let left: number = chunks;
    const body = new ReadableStream({
      pull: (controller) => {
        if (left-- > 0) controller.enqueue(new Uint8Array(64 * 1024));
        else controller.close();
      },
    }, { highWaterMark: 0 });
    await read(new Request("http://127.0.0.1:1/", { method: "POST", body })).catch(() => {});
    assertEquals(chunks - Math.max(left, 0), asked);
  }
});
