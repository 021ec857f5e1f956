import { assert, assertEquals } from "@std/assert";
import { LineLog } from "../../log.ts";
import { EventHub } from "./events.ts";
import { Gateway } from "./gateway.ts";
import { Guard } from "./guard.ts";

const ORIGIN = "http://127.0.0.1:4000";

function setup() {
  const forwarded: string[] = [];
  const guard = new Guard({
    origin: ORIGIN,
    prefix: "/p/",
    token: "t",
    instance: "i",
    now: () => 0,
    random: () => "r",
    equal: (a, b) => a === b,
  });
  const gateway = new Gateway({
    prefix: "/p/",
    home: "notes",
    guard,
    events: new EventHub(),
    frame: (route) => `frame of ${route}`,
    asset: (_, name) => Promise.resolve(new Response(`asset ${name}`)),
    forward: (_, target) => {
      forwarded.push(target);
      return Promise.resolve(new Response("fragment"));
    },
    screens: new Map([["status", () => new Response("status screen")]]),
    commands: new Map([
      ["retry", { caller: "any" as const, run: () => new Response("retried") }],
      ["stop", { caller: "script" as const, run: () => new Response("stopped") }],
      ["fail", {
        caller: "any" as const,
        run: () => {
          throw new Error("</div>secret path");
        },
      }],
    ]),
    prove: (nonce) => `proof of ${nonce}`,
    signal: new AbortController().signal,
    log: new LineLog(() => {}),
  });
  const ask = (path: string, headers: Record<string, string> = {}, method = "GET") =>
    gateway.handle(
      new Request(`${ORIGIN}${path}`, {
        method,
        headers: { host: "127.0.0.1:4000", authorization: "Bearer t", ...headers },
      }),
    );
  return { ask, forwarded, guard };
}

Deno.test("a navigation gets the frame for its route, everything else the fragment", async () => {
  const { ask, forwarded } = setup();
  const navigate = { "sec-fetch-mode": "navigate" };
  assertEquals(await (await ask("/p/", navigate)).text(), "frame of notes");
  assertEquals(await (await ask("/p/notes/1?q=a", navigate)).text(), "frame of notes/1?q=a");
  assertEquals(await (await ask("/p/chat", { accept: "text/html" })).text(), "frame of chat");
  assertEquals(forwarded, []);
  const htmx = { "hx-request": "true", accept: "text/html" };
  assertEquals(await (await ask("/p/notes?q=a", htmx)).text(), "fragment");
  assertEquals(await (await ask("/p/notes", { accept: "application/json" })).text(), "fragment");
  assertEquals(forwarded, ["/notes?q=a", "/notes"]);
});

Deno.test("the shell's own screens and commands need no sidecar", async () => {
  const { ask, forwarded } = setup();
  assertEquals(await (await ask("/p/status")).text(), "status screen");
  assertEquals(await (await ask("/p/shell/retry", {}, "POST")).text(), "retried");
  assertEquals((await ask("/p/shell/retry")).status, 405);
  assertEquals((await ask("/p/shell/other", {}, "POST")).status, 404);
  assertEquals(forwarded, []);
});

Deno.test("what is for scripts isn't for pages", async () => {
  const { ask, guard } = setup();
  const cookie = guard.redeem(guard.mintLaunchCode()).split(";", 1)[0] ?? "";
  const page = { authorization: "", cookie, "sec-fetch-site": "same-origin" };
  assertEquals((await ask("/p/shell/stop", page, "POST")).status, 401);
  assertEquals((await ask("/p/shell/retry", page, "POST")).status, 200);
  assertEquals((await ask("/p/shell/stop", {}, "POST")).status, 200);
});

Deno.test("without the prefix there is nothing", async () => {
  const { ask } = setup();
  for (const path of ["/", "/notes", "/q/notes", "/p"]) assertEquals((await ask(path)).status, 404);
});

Deno.test("every answer carries the policy, errors too", async () => {
  const { ask } = setup();
  for (const path of ["/p/notes", "/nothing", "/p/assets/app.js"]) {
    const { headers } = await ask(path);
    assert(headers.get("content-security-policy")?.startsWith("default-src 'none'"));
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    assertEquals(headers.get("referrer-policy"), "same-origin");
    assertEquals(headers.get("access-control-allow-origin"), null);
  }
});

Deno.test("a page that somebody else opened can't reach its opener", async () => {
  const { ask } = setup();
  for (const site of ["cross-site", "same-site", "same-origin"]) {
    const { headers } = await ask("/p/notes", { "sec-fetch-site": site });
    assertEquals(headers.get("cross-origin-opener-policy"), "same-origin");
  }
  const typed = await ask("/p/notes", { "sec-fetch-site": "none" });
  assertEquals(typed.headers.get("cross-origin-opener-policy"), null);
});

Deno.test("the preflight of the own origin succeeds unauthenticated, others get nothing", async () => {
  const { ask } = setup();
  const own = await ask("/p/notes", { authorization: "", origin: ORIGIN }, "OPTIONS");
  assertEquals(own.status, 204);
  assertEquals(own.headers.get("access-control-allow-origin"), ORIGIN);
  for (const origin of ["https://evil.example", "http://127.0.0.1:4001", "null"]) {
    const other = await ask("/p/notes", { origin }, "OPTIONS");
    assertEquals(other.status, 403);
    assertEquals(other.headers.get("access-control-allow-origin"), null);
  }
});

Deno.test("launch trades the code for a cookie and a clean address", async () => {
  const { ask, guard } = setup();
  const code = guard.mintLaunchCode();
  const answer = await ask(`/p/launch?code=${code}`, { authorization: "" });
  assertEquals(answer.status, 303);
  assertEquals(answer.headers.get("location"), "/p/");
  assert(answer.headers.get("set-cookie")?.startsWith("erth_i=r; HttpOnly; SameSite=Strict"));
  assertEquals((await ask(`/p/launch?code=${code}`)).status, 401);
  const foreign = { "sec-fetch-site": "cross-site" };
  const linked = await ask(
    `/p/launch?code=${guard.mintLaunchCode()}&to=notes/1%3Fview=read`,
    foreign,
  );
  assertEquals(linked.status, 200);
  assertEquals(linked.headers.get("refresh"), "0; url=/p/notes/1?view=read");
});

Deno.test("launch never leads elsewhere", async () => {
  const { ask, guard } = setup();
  for (const to of ["//evil.example", "https://evil.example", "..//evil.example"]) {
    const path = `/p/launch?code=${guard.mintLaunchCode()}&to=${encodeURIComponent(to)}`;
    const target = new URL((await ask(path)).headers.get("location") ?? "", ORIGIN);
    assertEquals(target.origin, ORIGIN);
  }
});

Deno.test("an unexpected failure shows its code, not its words", async () => {
  const { ask } = setup();
  const fragment = await ask("/p/shell/fail", {}, "POST");
  const text = await fragment.text();
  assertEquals(fragment.status, 500);
  assert(text.includes('data-code="INTERNAL"'));
  assert(!text.includes("secret path"));
  const json = await ask("/p/shell/fail", { accept: "application/json" }, "POST");
  const { error } = await json.json();
  assertEquals(Object.keys(error).sort(), ["code", "hint", "message", "recoverable"]);
  assertEquals(error.code, "INTERNAL");
});
