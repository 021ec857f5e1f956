import { assert, assertEquals, assertThrows } from "@std/assert";
import { ErthError } from "../../errors.ts";
import { Guard } from "./guard.ts";

const ORIGIN = "http://127.0.0.1:4000";
const PREFIX = "/p/";

function makeGuard() {
  let time = 0;
  let count = 0;
  const guard = new Guard({
    origin: ORIGIN,
    prefix: PREFIX,
    token: "the-token",
    instance: "i1",
    now: () => time,
    random: () => `random${++count}`,
    equal: (a, b) => a === b,
  });
  return { guard, advance: (ms: number) => time += ms };
}

function request(headers: Record<string, string>, method = "GET"): Request {
  return new Request(`${ORIGIN}${PREFIX}notes`, { method, headers });
}

function codeOf(run: () => unknown): string {
  return assertThrows(run, ErthError).code;
}

function session(guard: Guard): string {
  return guard.redeem(guard.mintLaunchCode()).split(";", 1)[0] ?? "";
}

Deno.test("a launch code works once and makes a strict cookie of this instance", () => {
  const { guard } = makeGuard();
  const code = guard.mintLaunchCode();
  const cookie = guard.redeem(code);
  assertEquals(cookie, `erth_i1=random2; HttpOnly; SameSite=Strict; Path=${PREFIX}`);
  assertEquals(codeOf(() => guard.redeem(code)), "UNAUTHORIZED");
});

Deno.test("a launch code holds for ten minutes", () => {
  const { guard, advance } = makeGuard();
  const early = guard.mintLaunchCode();
  const late = guard.mintLaunchCode();
  advance(10 * 60_000);
  guard.redeem(early);
  advance(1);
  assertEquals(codeOf(() => guard.redeem(late)), "UNAUTHORIZED");
});

Deno.test("the Host must be the gateway's own, whatever name points at it", () => {
  const { guard } = makeGuard();
  guard.checkAddress(request({ host: "127.0.0.1:4000" }));
  for (const host of ["localhost:4000", "127.0.0.1", "evil.example:4000", "127.0.0.1:4001"]) {
    assertEquals(codeOf(() => guard.checkAddress(request({ host }))), "WRONG_HOST");
  }
});

Deno.test("headers of more than 32 KB are refused", () => {
  const { guard } = makeGuard();
  const big = request({ host: "127.0.0.1:4000", "x-big": "x".repeat(33_000) });
  assertEquals(codeOf(() => guard.checkAddress(big)), "HEADERS_TOO_LARGE");
});

Deno.test("nobody gets in without cookie or token", () => {
  const { guard } = makeGuard();
  assertEquals(codeOf(() => guard.authenticate(request({}))), "UNAUTHORIZED");
  for (
    const headers of [
      { authorization: "Bearer wrong" },
      { cookie: "erth_i1=wrong" },
      { cookie: `erth_other=${session(guard).split("=")[1]}` },
    ] as Record<string, string>[]
  ) assertEquals(codeOf(() => guard.authenticate(request(headers))), "UNAUTHORIZED");
});

Deno.test("page and script are told apart", () => {
  const { guard } = makeGuard();
  assertEquals(guard.authenticate(request({ authorization: "Bearer the-token" })), "script");
  assertEquals(guard.authenticate(request({ cookie: `a=b; ${session(guard)}` })), "page");
});

Deno.test("a read that another site caused is refused, cookie or not", () => {
  const { guard } = makeGuard();
  const cookie = session(guard);
  for (const site of ["cross-site", "same-site"]) {
    const asked = request({ cookie, "sec-fetch-site": site });
    assertEquals(codeOf(() => guard.authenticate(asked)), "FORBIDDEN_ORIGIN");
  }
});

Deno.test("a change from the page needs proof of where it comes from", () => {
  const { guard } = makeGuard();
  const cookie = session(guard);
  const post = (headers: Record<string, string>) => request({ cookie, ...headers }, "POST");
  guard.authenticate(post({ "sec-fetch-site": "same-origin" }));
  guard.authenticate(post({ origin: ORIGIN }));
  for (
    const headers of [
      {},
      { "sec-fetch-site": "none" },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "same-origin", origin: "http://127.0.0.1:4001" },
      { origin: "null" },
    ] as Record<string, string>[]
  ) assertEquals(codeOf(() => guard.authenticate(post(headers))), "FORBIDDEN_ORIGIN");
});

Deno.test("a script changes things with the token alone, but never for another origin", () => {
  const { guard } = makeGuard();
  const headers = { authorization: "Bearer the-token" };
  guard.authenticate(request(headers, "POST"));
  const foreign = request({ ...headers, origin: "https://evil.example" }, "POST");
  assertEquals(codeOf(() => guard.authenticate(foreign)), "FORBIDDEN_ORIGIN");
});

Deno.test("only the gateway's exact origin is its own", () => {
  const { guard } = makeGuard();
  assert(guard.isOwnOrigin(ORIGIN));
  for (const other of [null, "null", "http://localhost:4000", `${ORIGIN}.evil.example`]) {
    assert(!guard.isOwnOrigin(other));
  }
});
