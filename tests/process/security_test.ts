import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { join } from "node:path";
import { Erth } from "../harness.ts";
import { raw } from "./raw.ts";
import { readySidecar } from "./support.ts";

const KB = 1024;
const MB = 1024 * KB;
const FOREIGN = ["https://evil.example", "http://127.0.0.1:1", "http://localhost:1", "null"];

/** Trades a launch code for the `Cookie` header that a page sends. */
async function cookieOf(erth: Erth): Promise<string> {
  const launched = await fetch(await erth.launchUrl(), { redirect: "manual" });
  await launched.body?.cancel();
  return launched.headers.get("set-cookie")!.split(";")[0]!;
}

/** Status and error code of an answer, and that it lets no foreign page read it. */
async function outcome(response: Response): Promise<string> {
  const text = await response.text();
  const cors = [...response.headers.keys()].filter((name) => name.startsWith("access-control"));
  assertEquals(cors, []);
  return `${response.status} ${/"code": ?"(\w+)"/.exec(text)?.[1] ?? ""}`.trim();
}

function ask(erth: Erth, path: string, headers: Record<string, string>, method = "GET") {
  const body = method === "POST" ? new URLSearchParams({ title: "x" }) : undefined;
  const all = { accept: "application/json", ...headers };
  return fetch(new URL(path, erth.url), { method, body, headers: all }).then(outcome);
}

Deno.test("without token or cookie nothing is told", async () => {
  await using erth = await Erth.start();
  for (const path of ["", "notes", "status", "status.txt", "events", "assets/app.js", "launch"]) {
    assertEquals(await ask(erth, path, {}), "401 UNAUTHORIZED", path);
  }
  const wrong = [
    `Bearer ${erth.token}x`,
    `Bearer ${erth.token.split(".")[0]}`,
    "Bearer ",
    "Basic eA==",
  ];
  for (const authorization of wrong) {
    assertEquals(await ask(erth, "notes", { authorization }), "401 UNAUTHORIZED");
  }
  assertEquals(await ask(erth, "notes", { cookie: "erth=x; erth_x=" }), "401 UNAUTHORIZED");
  assertEquals(await ask(erth, "shell/stop", {}, "POST"), "401 UNAUTHORIZED");
  const authorization = `Bearer ${erth.token}`;
  for (const path of ["/", "/notes", "/status", "/x/notes"]) {
    assertEquals(await ask(erth, path, { authorization }), "404 NOT_FOUND");
  }
});

Deno.test("only the exact Host is answered: no name can be rebound to it", async () => {
  await using erth = await Erth.start();
  const { host, port, pathname } = new URL(erth.url);
  const get = (name: string) =>
    raw(Number(port), [
      `GET ${pathname}status HTTP/1.1`,
      `Host: ${name}`,
      `Authorization: Bearer ${erth.token}`,
    ]);
  assertEquals((await get(host)).status, 200);
  for (
    const name of [
      "evil.example",
      `localhost:${port}`,
      "127.0.0.1",
      `[::1]:${port}`,
      "",
      `${host}.`,
    ]
  ) {
    const { status, text } = await get(name);
    assert(status === 421 || status === 400, `${name}: ${status}`);
    assert(!text.includes("sidecar"), text);
  }
});

Deno.test("what another site's page sends is refused, with a cookie or a token", async () => {
  await using erth = await Erth.start();
  const own = new URL(erth.url).origin;
  const callers: Record<string, string>[] = [{ cookie: await cookieOf(erth) }, {
    authorization: `Bearer ${erth.token}`,
  }];
  for (const caller of callers) {
    for (const origin of FOREIGN) {
      assertEquals(await ask(erth, "notes", { ...caller, origin }), "403 FORBIDDEN_ORIGIN");
      assertEquals(await ask(erth, "notes", { ...caller, origin }, "POST"), "403 FORBIDDEN_ORIGIN");
    }
    for (const site of ["cross-site", "same-site"]) {
      const headers = { ...caller, "sec-fetch-site": site };
      assertEquals(await ask(erth, "notes", headers), "403 FORBIDDEN_ORIGIN");
      const posing = { ...headers, origin: own };
      assertEquals(await ask(erth, "notes", posing, "POST"), "403 FORBIDDEN_ORIGIN");
    }
  }
  const [page, script] = callers;
  assertEquals(await ask(erth, "notes", page!, "POST"), "403 FORBIDDEN_ORIGIN");
  assertEquals(
    await ask(erth, "notes", { ...page, "sec-fetch-site": "none" }, "POST"),
    "403 FORBIDDEN_ORIGIN",
  );
  assertEquals(await ask(erth, "notes", { ...page, origin: own }, "POST"), "201");
  assertEquals(
    await ask(erth, "notes", { ...page, "sec-fetch-site": "same-origin" }, "POST"),
    "201",
  );
  assertEquals(await ask(erth, "notes", { ...script, "sec-fetch-site": "none" }, "POST"), "201");
  assertEquals((await erth.json<{ total: number }>("notes")).total, 3);
});

Deno.test("preflights: the own origin may, others learn nothing", async () => {
  await using erth = await Erth.start();
  const { port } = await readySidecar(erth);
  const own = new URL(erth.url).origin;
  for (const address of [new URL("notes", erth.url).href, `http://127.0.0.1:${port}/notes`]) {
    const preflight = async (origin: string) => {
      const headers = { origin, "access-control-request-method": "POST" };
      return await fetch(address, { method: "OPTIONS", headers });
    };
    const { body, status, headers } = await preflight(own);
    await body?.cancel();
    assertEquals([status, headers.get("access-control-allow-origin")], [204, own]);
    assert(headers.get("access-control-allow-headers")?.includes("idempotency-key"));
    for (const origin of FOREIGN) await outcome(await preflight(origin));
  }
});

Deno.test("a launch code works once, and its cookie is for pages of this instance alone", async () => {
  await using erth = await Erth.start();
  const link = await erth.launchUrl();
  const launched = await fetch(link, { redirect: "manual" });
  await launched.body?.cancel();
  const { pathname } = new URL(erth.url);
  assertEquals([launched.status, launched.headers.get("location")], [303, pathname]);
  const setCookie = launched.headers.get("set-cookie")!;
  assertMatch(setCookie, /^erth_[\w-]+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/[\w-]{22}\/$/);
  assertEquals(await fetch(link).then(outcome), "401");
  const cookie = setCookie.split(";")[0]!;
  assertEquals(await ask(erth, "notes", { cookie }), "200");
  for (const command of ["open", "focus", "stop"]) {
    const headers = { cookie, origin: new URL(erth.url).origin };
    assertEquals(await ask(erth, `shell/${command}`, headers, "POST"), "401 UNAUTHORIZED");
  }
  await using other = await Erth.start();
  assertEquals(await ask(other, "notes", { cookie }), "401 UNAUTHORIZED");
  for (const to of ["//evil.example", "https://evil.example", "../../x", "..%2f..", "\\\\evil"]) {
    const url = `${await erth.launchUrl()}&to=${encodeURIComponent(to)}`;
    const moved = await fetch(url, { redirect: "manual" });
    await moved.body?.cancel();
    const target = new URL(moved.headers.get("location")!, erth.url).href;
    assert(target.startsWith(erth.url), target);
  }
});

Deno.test("paths lead nowhere else", async () => {
  await using erth = await Erth.start();
  const { host, port, pathname } = new URL(erth.url);
  const paths = [
    "assets/../index.html",
    "assets/..%2findex.html",
    "assets/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "assets/..\\index.html",
    "assets//etc/passwd",
    "assets/",
    "assets/app.js%00.css",
    "../../etc/passwd",
    "notes/..%2f..%2fetc%2fpasswd",
  ];
  for (const path of paths) {
    const lines = [
      `GET ${pathname}${path} HTTP/1.1`,
      `Host: ${host}`,
      `Authorization: Bearer ${erth.token}`,
    ];
    const { status, text } = await raw(Number(port), [...lines, "Accept: application/json"]);
    assert(status === 404 || status === 400, `${path}: ${status}`);
    assert(!text.includes("root:") && !text.includes("{{base}}"), text);
  }
});

Deno.test("headers and bodies have limits", async () => {
  await using erth = await Erth.start();
  const authorization = `Bearer ${erth.token}`;
  assertEquals(
    await ask(erth, "notes", { authorization, "x-large": "x".repeat(33 * KB) }),
    "431 HEADERS_TOO_LARGE",
  );
  const post = (body: string) =>
    erth.fetch("notes", {
      method: "POST",
      body,
      headers: {
        accept: "application/json",
        "content-type": "application/x-www-form-urlencoded",
      },
    }).then(outcome);
  assertEquals(await post(`title=x&body=${"x".repeat(3 * MB)}`), "201");
  assertEquals(await post(`title=x&body=${"x".repeat(5 * MB)}`), "413 BODY_TOO_LARGE");
  const { host, port, pathname } = new URL(erth.url);
  // Announced only: refused before it comes. What the shell takes itself is short, but it reads up
  // to 16 MB before it refuses, or the connection would break for who has sent it already.
  const routes = {
    "notes": 65 * MB,
    "shell/mirror/connect": 17 * MB,
    "shell/models/load": 17 * MB,
  };
  for (const [route, length] of Object.entries(routes)) {
    const { status } = await raw(Number(port), [
      `POST ${pathname}${route} HTTP/1.1`,
      `Host: ${host}`,
      `Authorization: ${authorization}`,
      "Accept: application/json",
      `Content-Length: ${length}`,
    ]);
    assertEquals([route, status], [route, 413]);
  }
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(MB)),
  });
  const flooded = await erth.fetch("notes", { method: "POST", body: endless }).then(
    (response) => outcome(response),
    () => "closed",
  );
  assert(flooded === "413" || flooded === "closed", flooded);
  assertEquals((await erth.json<{ total: number }>("notes")).total, 1);
});

Deno.test("the sidecar's own port answers nobody without its token", async () => {
  await using erth = await Erth.start();
  const { port } = await readySidecar(erth);
  const at = (path: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, init);
  for (const authorization of ["", `Bearer ${erth.token}`, "Bearer x"]) {
    for (const origin of FOREIGN) {
      const headers = { authorization, origin, accept: "application/json" };
      assertEquals(await at("/notes", { headers }).then(outcome), "401 UNAUTHORIZED");
      assertEquals(
        await at("/notes", { method: "POST", headers }).then(outcome),
        "401 UNAUTHORIZED",
      );
    }
  }
  for (const path of ["/docs", "/openapi.json", "/unknown", "/"]) {
    assertEquals(await at(path).then(outcome), "401");
  }
  const alive = await Promise.all(["a", "b"].map((nonce) => at(`/-/alive?nonce=${nonce}`)));
  const proofs = await Promise.all(alive.map((response) => response.text()));
  for (const proof of proofs) assertMatch(proof, /^[0-9a-f]{64}$/);
  assertNotEquals(proofs[0], proofs[1]);
  assertEquals(alive[0]!.headers.get("access-control-allow-origin"), null);
});

Deno.test("no secret stands in a log, an argument or an environment; files are the owner's", async () => {
  const folder = await Deno.makeTempDir();
  const greetings = join(folder, "greetings");
  await using erth = await Erth.start({ faults: [`greetings=${greetings}`] });
  await erth.json("notes", { title: "Private" });
  const pid = await erth.sidecar();
  const secrets = [erth.token, (await Deno.readTextFile(greetings)).trim()]
    .map((token) => token.split(".")[1]!);
  const places = [erth.pid, pid].flatMap((pid) => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`]);
  for (const place of [...places, join(erth.data, "logs", "erth.log")]) {
    const text = await Deno.readTextFile(place);
    for (const secret of [...secrets, "Private"]) assert(!text.includes(secret), place);
  }
  for (const name of ["", "logs", "cache"]) {
    assertEquals((await Deno.stat(join(erth.data, name))).mode! & 0o777, 0o700, name);
  }
  const files = [
    "local_edge.db",
    "local_edge.db-wal",
    "local_edge.db-shm",
    "instance.json",
    "erth.lock",
  ];
  for (const name of [...files, "logs/erth.log"]) {
    assertEquals((await Deno.stat(join(erth.data, name))).mode! & 0o777, 0o600, name);
  }
  await Deno.remove(folder, { recursive: true });
});
