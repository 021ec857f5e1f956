import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { proof } from "../process/token.ts";
import { askAlive } from "./alive.ts";

/** Asks a server that answers as told; with what it was asked. */
async function ask(answer: (nonce: string) => Response) {
  const requests: { url: string; bearer: string | null }[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    requests.push({ url: request.url, bearer: request.headers.get("authorization") });
    return answer(new URL(request.url).searchParams.get("nonce")!);
  });
  const options = { port: server.addr.port, secrets: () => ["current", "next"] };
  try {
    return { secret: await askAlive(options, new AbortController().signal), requests };
  } finally {
    await server.shutdown();
  }
}

Deno.test("the proof of any secret in force counts, and it tells which", async () => {
  for (const secret of ["current", "next"]) {
    const told = await ask((nonce) => new Response(proof(secret, nonce)));
    assertEquals(told.secret, secret);
  }
});

Deno.test("a probe brings a fresh nonce, and neither token nor secret", async () => {
  const answer = (nonce: string) => new Response(proof("current", nonce));
  const requests = [...(await ask(answer)).requests, ...(await ask(answer)).requests];
  for (const { url, bearer } of requests) {
    assertMatch(url, /^http:\/\/127\.0\.0\.1:\d+\/-\/alive\?nonce=[0-9a-f-]{36}$/);
    assertEquals(bearer, null);
  }
  assertEquals(new Set(requests.map(({ url }) => new URL(url).search)).size, 2);
});

for (
  const [what, answer] of Object.entries({
    "a wrong proof": (nonce: string) => new Response(proof("stranger", nonce)),
    "a wrong status": (nonce: string) => new Response(proof("current", nonce), { status: 500 }),
    "a way elsewhere": () => Response.redirect("http://127.0.0.1:1/"),
    "an empty answer": () => new Response(""),
    "an endless answer": () => new Response("x".repeat(100_000)),
  })
) {
  Deno.test(`${what} proves nothing`, async () => {
    await assertRejects(() => ask(answer));
  });
}
