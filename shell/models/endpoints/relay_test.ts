import { assert, assertEquals } from "@std/assert";
import { ErthError } from "../../../errors.ts";
import { LineLog } from "../../../log.ts";
import { systemClock } from "../../process/clock.ts";
import { Reach } from "./reach.ts";
import { Relay } from "./relay.ts";

type Handler = (request: Request) => Response | Promise<Response>;

interface Place {
  /** Asks the relay as the sidecar does. */
  ask: (path: string, init?: RequestInit) => Promise<Response>;
  outcomes: (string | undefined)[];
  lines: string[];
}

/** A clock for which long waits take a hundredth of their time; an end in order takes its own. */
const HURRIED = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms: number, run: () => void) => systemClock.after(ms < 1_000 ? ms : ms / 100, run),
};
const KEY = "relay-key";

async function within(
  handler: Handler,
  run: (place: Place) => Promise<void>,
  { check = () => Promise.resolve(), port }: { check?: () => Promise<void>; port?: number } = {},
): Promise<void> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
  const reach = new Reach();
  const outcomes: (string | undefined)[] = [];
  const lines: string[] = [];
  const url = `http://127.0.0.1:${port ?? server.addr.port}/v1`;
  const endpoint = { id: "a", title: "A", preset: "openai", url, key: "sk-secret", models: [] };
  const relay = new Relay({
    find: (id) => id === "a" ? endpoint : undefined,
    check,
    onOutcome: (_, trouble) => outcomes.push(trouble?.code),
    reach,
    clock: HURRIED,
    log: new LineLog((line) => lines.push(line)),
    mintKey: () => KEY,
    equal: (a, b) => a === b,
  });
  const { origin, key } = relay.open();
  assertEquals(relay.open().origin, origin);
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: 2 });
  const ask: Place["ask"] = (path, init = {}) =>
    fetch(origin + path, {
      method: "POST",
      body: '{"stream":true}',
      ...init,
      headers: { authorization: `Bearer ${key}`, ...init.headers },
      client,
    } as RequestInit);
  await run({ ask, outcomes, lines });
  client.close();
  await relay.close();
  reach.close();
  await server.shutdown();
}

Deno.test("a request gets the endpoint's key, and its answer streams back as it comes", async () => {
  const seen: string[] = [];
  const second = Promise.withResolvers<void>();
  const handler: Handler = async (request) => {
    seen.push(request.headers.get("authorization")!, new URL(request.url).pathname);
    seen.push(await request.text(), request.headers.get("x-mine") ?? "");
    const body = new ReadableStream({
      start: async (controller) => {
        controller.enqueue(new TextEncoder().encode("data: 1\n\n"));
        await second.promise;
        controller.enqueue(new TextEncoder().encode("data: 2\n\n"));
        controller.close();
      },
    });
    return new Response(body, {
      headers: { "content-type": "text/event-stream", "set-cookie": "x" },
    });
  };
  await within(handler, async ({ ask, outcomes, lines }) => {
    const response = await ask("/a/chat/completions", { headers: { "x-mine": "no" } });
    assertEquals(response.headers.get("content-type"), "text/event-stream");
    assertEquals(response.headers.get("set-cookie"), null);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    assertEquals((await reader.read()).value, "data: 1\n\n");
    // Only now, so that nothing can have waited for the end.
    second.resolve();
    assertEquals((await reader.read()).value, "data: 2\n\n");
    assertEquals((await reader.read()).done, true);
    assertEquals(seen, ["Bearer sk-secret", "/v1/chat/completions", '{"stream":true}', ""]);
    assertEquals(outcomes, [undefined]);
    assert(!lines.join().includes("sk-secret"));
  });
});

Deno.test("nobody without the relay's key gets through, nor to another endpoint", async () => {
  let asked = 0;
  await within(() => new Response(`${asked++}`), async ({ ask }) => {
    for (const authorization of ["", "Bearer wrong", "Bearer sk-secret", KEY]) {
      const response = await ask("/a/chat/completions", { headers: { authorization } });
      assertEquals([response.status, (await response.json()).error.code], [401, "UNAUTHORIZED"]);
    }
    for (const path of ["/b/chat/completions", "/", "/a", "//a/x"]) {
      const response = await ask(path);
      assertEquals((await response.json()).error.code, "NOT_FOUND", path);
    }
    assertEquals(asked, 0);
  });
});

Deno.test("the endpoint's own refusals pass through with what they say of the time", async () => {
  const handler: Handler = () =>
    Response.json({ error: { message: "slow down" } }, {
      status: 429,
      headers: { "retry-after": "7" },
    });
  await within(handler, async ({ ask }) => {
    const response = await ask("/a/chat/completions");
    assertEquals([response.status, response.headers.get("retry-after")], [429, "7"]);
    assertEquals((await response.json()).error.message, "slow down");
  });
});

Deno.test("the key doesn't follow a redirect", async () => {
  const seen: string[] = [];
  const handler: Handler = ({ url, headers }) => {
    seen.push(`${new URL(url).pathname} ${headers.has("authorization")}`);
    return Response.redirect(new URL("/elsewhere", url));
  };
  await within(handler, async ({ ask, outcomes }) => {
    const response = await ask("/a/chat/completions");
    assertEquals(response.status, 502);
    assertEquals(response.headers.get("x-erth-code"), "ENDPOINT_FOREIGN");
    await response.body?.cancel();
    assertEquals([seen, outcomes], [["/v1/chat/completions true"], ["ENDPOINT_FOREIGN"]]);
  });
});

Deno.test("who goes takes the request along", async () => {
  const gone = Promise.withResolvers<void>();
  const handler: Handler = () => {
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode("data: 1\n\n")),
      cancel: () => gone.resolve(),
    });
    return new Response(body);
  };
  await within(handler, async ({ ask }) => {
    const response = await ask("/a/chat/completions");
    const reader = response.body!.getReader();
    await reader.read();
    await reader.cancel();
    await gone.promise;
  });
});

Deno.test("one that isn't there is told at once; one that is mute after a look at it", async () => {
  await within(() => new Response(), async ({ ask, outcomes }) => {
    const response = await ask("/a/chat/completions");
    assertEquals([response.status, response.headers.get("x-erth-code")], [
      502,
      "ENDPOINT_UNREACHABLE",
    ]);
    await response.body?.cancel();
    assertEquals(outcomes, ["ENDPOINT_UNREACHABLE"]);
  }, { port: 9 });
  const mute: Handler = ({ signal }) =>
    new Promise((resolve) => signal.addEventListener("abort", () => resolve(new Response())));
  const check = () => Promise.reject(new ErthError("ENDPOINT_SLOW"));
  await within(mute, async ({ ask }) => {
    const response = await ask("/a/chat/completions");
    assertEquals([response.status, response.headers.get("x-erth-code")], [504, "ENDPOINT_SLOW"]);
    await response.body?.cancel();
  }, { check });
});

Deno.test("one that loads its model for long is waited for", async () => {
  let looks = 0;
  const handler: Handler = () =>
    new Promise((resolve) => setTimeout(() => resolve(new Response("late")), 300));
  const check = () => Promise.resolve(void looks++);
  await within(handler, async ({ ask }) => {
    assertEquals(await (await ask("/a/chat/completions")).text(), "late");
    assertEquals(looks, 1);
  }, { check });
});
