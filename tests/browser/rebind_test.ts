/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import { request } from "node:http";
import { addNote, browser, browserTest, listen, open, startErth, storedNotes } from "./browser.ts";
import type { Erth } from "../harness.ts";

const RULES = "--host-resolver-rules=MAP rebind.example 127.0.0.1";

browserTest("a name that was rebound to this machine gets nothing", async () => {
  await using erth = await startErth();
  await addNote(erth, "Secret");
  const context = await (await browser([RULES])).newContext();
  await open(context, erth);
  for (const host of ["rebind.example", "localhost"]) {
    // The page has the attacker's origin, and all that it asks for is of the same origin to it.
    const url = new URL(erth.url);
    url.hostname = host;
    const page = await context.newPage();
    const response = await page.goto(url.href);
    assertEquals(response?.status(), 421);
    const answers = await page.evaluate(async () => {
      const ask = (route: string, init?: RequestInit) =>
        fetch(route, init).then(async (it) => `${it.status} ${await it.text()}`);
      const body = new URLSearchParams({ title: "Intruder" });
      return [
        await ask("notes"),
        await ask("status"),
        await ask("notes", { method: "POST", body }),
        await ask("shell/stop", { method: "POST" }),
      ];
    });
    for (const answer of answers) {
      assert(answer.startsWith("421 ") && !answer.includes("Secret"), answer);
    }
  }
  assertEquals((await storedNotes(erth)).length, 1);
  await context.close();
});

browserTest("a launch link works once, and its cookie is for this page alone", async () => {
  await using erth = await startErth();
  const launch = await erth.launchUrl();
  const context = await (await browser([RULES])).newContext();
  const complaints = listen(context, /401/);
  const page = await context.newPage();
  await page.goto(launch);
  await page.locator("#list").waitFor();
  assert(!page.url().includes("code="), page.url());
  const cookies = (await context.cookies()).filter(({ name }) => name !== "erth_theme");
  const prefix = new URL(erth.url).pathname;
  assertEquals(
    cookies.map(({ httpOnly, sameSite, path }) => [httpOnly, sameSite, path]),
    [[true, "Strict", prefix]],
  );
  assert(!(await page.evaluate(() => document.cookie)).includes(cookies[0]!.name));
  const other = await (await browser()).newContext();
  const reused = await other.newPage();
  for (const link of [launch, `${erth.url}launch?code=guess`, `${erth.url}notes`]) {
    assertEquals((await reused.goto(link))?.status(), 401);
  }
  assertEquals(await other.cookies(), []);
  await Promise.all([context.close(), other.close()]);
  assertEquals(complaints, []);
});

browserTest("a launch link leads nowhere else", async () => {
  await using erth = await startErth();
  const context = await (await browser([RULES])).newContext();
  const page = await context.newPage();
  for (
    const to of ["//evil.example/", "https://evil.example", "/..//evil.example", "\\\\evil.example"]
  ) {
    await page.goto(`${await erth.launchUrl()}&to=${encodeURIComponent(to)}`);
    assert(page.url().startsWith(erth.url), page.url());
  }
  await context.close();
});

/** Status and CORS headers of one request with headers that `fetch` would set by itself. */
function raw(erth: Erth, method: string, route: string, headers: Record<string, string>) {
  return new Promise<{ status: number; cors: string[]; origin?: string }>((resolve, reject) => {
    request(new URL(route, erth.url), { method, headers }, (response) => {
      response.resume();
      const names = Object.keys(response.headers);
      resolve({
        status: response.statusCode!,
        cors: names.filter((name) => name.startsWith("access-control-")),
        origin: response.headers["access-control-allow-origin"] as string | undefined,
      });
    }).on("error", reject).end();
  });
}

Deno.test("the own origin's preflight succeeds without credentials, others get nothing", async () => {
  await using erth = await startErth();
  const own = new URL(erth.url).origin;
  const asks = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization, idempotency-key",
  };
  for (const route of ["notes", "chat/new", "status", "shell/open", "no/such/route"]) {
    const granted = await raw(erth, "OPTIONS", route, { ...asks, origin: own });
    assertEquals([granted.status, granted.origin], [204, own]);
    for (const origin of ["http://evil.example", "null", "http://127.0.0.1:1", `${own}0`]) {
      const refused = await raw(erth, "OPTIONS", route, { ...asks, origin });
      assertEquals(refused, { status: 403, cors: [], origin: undefined });
    }
    assertEquals((await raw(erth, "OPTIONS", route, asks)).cors, []);
  }
});

Deno.test("the token in a foreign page's hands is refused with its origin", async () => {
  await using erth = await startErth();
  const authorization = `Bearer ${erth.token}`;
  const foreign: Record<string, string>[] = [
    { origin: "http://evil.example" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ];
  for (const headers of foreign) {
    for (const method of ["GET", "POST"]) {
      const refused = await raw(erth, method, "notes", { authorization, ...headers });
      assertEquals([refused.status, refused.cors], [403, []]);
    }
  }
  assertEquals((await raw(erth, "GET", "notes", { authorization })).status, 200);
  assertEquals((await raw(erth, "GET", "notes", { authorization: "Bearer x" })).status, 401);
  assertEquals((await raw(erth, "GET", "/", { authorization })).status, 404);
});
