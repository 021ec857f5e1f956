import { assertEquals, assertRejects } from "@std/assert";
import { askHealth } from "./health.ts";

/** Asks a server that answers so. */
async function ask(status: number) {
  const seen: (string | null)[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    seen.push(new URL(request.url).pathname, request.headers.get("authorization"));
    return new Response("{}", { status });
  });
  const options = { port: server.addr.port, path: "/model/health", key: "key" };
  try {
    await askHealth(options, new AbortController().signal);
    return seen;
  } finally {
    await server.shutdown();
  }
}

Deno.test("who says 200 is well, and was asked with the key", async () => {
  assertEquals(await ask(200), ["/model/health", "Bearer key"]);
});

for (const status of [401, 500, 503]) {
  Deno.test(`who says ${status} isn't`, async () => {
    await assertRejects(() => ask(status), Error, `status ${status}`);
  });
}

Deno.test("who is gone isn't", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  await assertRejects(() =>
    askHealth({ port, path: "/", key: "key" }, new AbortController().signal)
  );
});
