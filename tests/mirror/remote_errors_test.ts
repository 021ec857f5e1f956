import { assert, assertEquals, assertThrows } from "@std/assert";
import { Remote } from "../../db/remote/remote.ts";
import { ErthError } from "../../errors.ts";
import { poll } from "../harness.ts";
import { type Fault, FaultProxy } from "./fault_proxy.ts";
import { batch, BEGINNING, codeOf, entries, full, headOf, note } from "./remote_support.ts";
import { SCHEMA, stamp, TABLES } from "./remote_support.ts";
import { freePort, Sqld } from "./sqld.ts";

/** Gives requests up sooner than the mirror would, so that a test needn't wait for that. */
const hasty: typeof fetch = (input, init) =>
  fetch(input, { signal: AbortSignal.any([init!.signal!, AbortSignal.timeout(200)]) });

/** Every call that reaches the remote, by name. */
function calls(remote: Remote): Record<string, () => Promise<unknown>> {
  return {
    probe: () => remote.probe(),
    prepare: () => remote.prepare(TABLES, SCHEMA + 1),
    head: () => remote.head(),
    since: () => remote.since("1-one", "aaaaaaaa", [0, 0]),
    page: () => remote.page(TABLES, BEGINNING),
    push: () => remote.push("two", "1-one", "aaaaaaaa", full({ n2: note("2") }, 2)),
    report: () => remote.report({ id: "aaaaaaaa", name: "a", version: "1", head: "1-one" }),
    company: () => remote.company(),
    forget: () => remote.forget("bbbbbbbb"),
    trim: () => remote.trim(),
  };
}

/** Those of them that only read. */
const READING = ["probe", "head", "since", "page", "company"];

/** A server with an Erth's database that holds one note. */
async function filled(options: { jwt?: boolean; namespaces?: boolean } = {}): Promise<Sqld> {
  const server = await Sqld.start(options);
  const remote = new Remote({ url: server.url, token: server.token });
  await remote.prepare(TABLES, SCHEMA);
  await remote.push("one", "0-", "aaaaaaaa", full({ n1: note("1") }, 1));
  remote.close();
  return server;
}

/** What each call ends with: the code of its error, or `done`. */
async function outcomes(remote: Remote): Promise<Record<string, string>> {
  const codes: Record<string, string> = {};
  for (const [name, call] of Object.entries(calls(remote))) {
    codes[name] = await call().then(() => "done", (error) => error.code ?? String(error));
  }
  return codes;
}

function all(code: string, but: readonly string[] = [], other = "done"): Record<string, string> {
  const names = Object.keys(calls(undefined as never));
  return Object.fromEntries(names.map((name) => [name, but.includes(name) ? other : code]));
}

Deno.test("A token that is wrong, forged, expired or missing is refused by that word", async () => {
  await using server = await filled({ jwt: true });
  const { expired, forged } = server.tokens;
  for (const token of [expired, forged, "rubbish", ""]) {
    const remote = new Remote({ url: server.url, token });
    assertEquals(await outcomes(remote), all("MIRROR_AUTH"));
    remote.close();
  }
});

Deno.test("A token for reading reads, and is refused to write", async () => {
  await using server = await filled({ jwt: true });
  const remote = new Remote({ url: server.url, token: server.tokens.readOnly });
  assertEquals(await outcomes(remote), all("MIRROR_AUTH", READING));
  assertEquals(entries(await remote.page(TABLES, BEGINNING)).length, 1);
  remote.close();
});

Deno.test("A server that isn't there, was killed or is no server at all is offline", async () => {
  await using server = await filled();
  const nowhere = new Remote({ url: `http://127.0.0.1:${freePort()}`, token: "" });
  assertEquals(await outcomes(nowhere), all("MIRROR_OFFLINE"));
  const remote = new Remote({ url: server.url, token: "" });
  assertEquals((await remote.head()).head, "1-one");
  await server.kill();
  assertEquals(await outcomes(remote), all("MIRROR_OFFLINE"));
  await server.restart();
  assertEquals((await remote.head()).head, "1-one");
  await using page = Deno.serve({ port: 0, onListen() {} }, () => new Response("<h1>Hi</h1>"));
  const website = new Remote({ url: `http://127.0.0.1:${page.addr.port}`, token: "" });
  assertEquals(await outcomes(website), all("MIRROR_OFFLINE"));
  [nowhere, remote, website].forEach((one) => one.close());
});

Deno.test("Whatever is wrong on the way, each call ends with offline", async (test) => {
  await using server = await filled();
  await using proxy = new FaultProxy(server.url);
  const direct = new Remote({ url: server.url, token: "" });
  // With the newest batch afterwards: some are delivered all the same.
  const faults: [Fault, string][] = [
    [{ kind: "cut" }, "1-one"],
    [{ kind: "half-open" }, "1-one"],
    [{ kind: "reset" }, "2-two"],
    [{ kind: "truncated" }, "2-two"],
  ];
  for (const [fault, head] of faults) {
    await test.step(fault.kind, async () => {
      const way = fault.kind === "half-open" ? hasty : fetch;
      const remote = new Remote({ url: proxy.url, token: "" }, { fetch: way });
      proxy.begin(fault);
      assertEquals(await outcomes(remote), all("MIRROR_OFFLINE"));
      proxy.end();
      assertEquals(await headOf(direct), head);
      remote.close();
    });
  }
  await test.step("rubbish", async () => {
    const remote = new Remote({ url: proxy.url, token: "" });
    for (let round = 0; round < 6; round++) {
      proxy.begin({ kind: "rubbish" });
      // Each call meets another piece of rubbish, a different one each round.
      for (let skipped = 0; skipped < round; skipped++) await codeOf(remote.head());
      assertEquals(await outcomes(remote), all("MIRROR_OFFLINE"));
    }
    remote.close();
  });
  direct.close();
});

Deno.test("A server that never answers is given up without anybody's help", async () => {
  await using server = await filled();
  await using proxy = new FaultProxy(server.url);
  const remote = new Remote({ url: proxy.url, token: "" });
  proxy.begin({ kind: "half-open" });
  assertEquals(await codeOf(remote.head()), "MIRROR_OFFLINE");
  const waiting = codeOf(remote.head());
  await poll(() => proxy.matched === 2);
  remote.close();
  assertEquals(await waiting, "MIRROR_OFFLINE");
});

Deno.test("A preparation that is cut off anywhere is done by the next", async () => {
  await using server = await Sqld.start({ namespaces: true });
  await using proxy = new FaultProxy(server.url);
  let cut = true;
  for (let nth = 1; cut; nth += 6) {
    for (const kind of ["cut", "reset"] as const) {
      const url = await server.fresh();
      const remote = new Remote({ url: proxy.at(url), token: "" });
      proxy.begin({ kind }, { nth });
      cut = await remote.prepare(TABLES, SCHEMA).then(() => false, () => true);
      assert(cut || nth > 1);
      proxy.end();
      // Or the server would wait for the one who is gone.
      if (nth > 1) await server.restart();
      await poll(() => remote.prepare(TABLES, SCHEMA).then(() => true));
      assert(await remote.push("one", "0-", "aaaaaaaa", full({ n1: note("1") }, 1)));
      assertEquals(await headOf(remote), "1-one");
      remote.close();
    }
  }
});

Deno.test("A used-up quota refuses writes by that word, and lets read", async () => {
  await using server = await filled({ namespaces: true });
  const remote = new Remote({ url: server.url, token: "" });
  await server.block(
    "Operation was blocked: SQL write operations are forbidden (upgrade your plan)",
  );
  assertEquals(await outcomes(remote), all("MIRROR_QUOTA", READING));
  await server.block(undefined);
  assert(await remote.push("two", "1-one", "aaaaaaaa", full({ n2: note("2") }, 2)));
  remote.close();
});

Deno.test("A database that was emptied is told from one that isn't there", async () => {
  await using server = await filled();
  const remote = new Remote({ url: server.url, token: "" });
  await server.wipe();
  const { prepare: _, ...others } = calls(remote);
  for (const [name, call] of Object.entries(others)) {
    if (name === "probe") assertEquals((await remote.probe()).remote, "empty");
    else assertEquals(await codeOf(call()), "MIRROR_REMOTE_WIPED", name);
  }
  remote.close();
});

Deno.test("A row the remote refuses leaves nothing behind of the others", async () => {
  await using server = await filled();
  const remote = new Remote({ url: server.url, token: "" });
  const push = (rows: Record<string, Record<string, unknown>>) =>
    remote.push("two", "1-one", "aaaaaaaa", full(rows, 2));
  for (const bad of [{ pinned: 7 }, { title: null }, { tags: "{" }, { pinned: "no number" }]) {
    const rows = { good: note("good"), bad: note("bad", bad) };
    assertEquals(await codeOf(push(rows)), "MIRROR_ROW_REFUSED", JSON.stringify(bad));
  }
  const large = { large: note("large", { body: "x".repeat(6_000_000) }) };
  assertEquals(await codeOf(push(large)), "MIRROR_ROW_TOO_LARGE");
  assertEquals([await headOf(remote), (await server.execute("SELECT id FROM notes")).length], [
    "1-one",
    1,
  ]);
  assert(await push({ good: note("good") }));
  remote.close();
});

Deno.test("Listening tells of each batch, of plain SQL too, and of its own end", async () => {
  await using server = await filled({ jwt: true, namespaces: true });
  const remote = new Remote({ url: server.url, token: server.token });
  const ending = new AbortController();
  let news = 0;
  const listening = remote.listen(ending.signal, () => news++);
  await poll(() => news === 1);
  await remote.push("two", "1-one", "bbbbbbbb", batch({ notes: { gone: [["n1", stamp(2)]] } }));
  await poll(() => news > 1);
  const before = news;
  await server.execute("INSERT INTO notes (id, created_at, updated_at) VALUES ('n9', '', '')");
  await poll(() => news > before);
  ending.abort();
  assertEquals(await codeOf(listening), "MIRROR_OFFLINE");
  const cut = codeOf(remote.listen(new AbortController().signal, () => news = 0));
  await poll(() => news === 0);
  await server.kill();
  assertEquals(await cut, "MIRROR_OFFLINE");
  await server.restart();
  const elsewhere = new Remote({ url: await server.fresh(), token: server.token });
  const { signal } = new AbortController();
  assertEquals(await codeOf(elsewhere.listen(signal, () => {})), "NOT_FOUND");
  [remote, elsewhere].forEach((one) => one.close());
});

Deno.test("An address nobody could be at is named", () => {
  for (const url of ["ftp://example.org", "file:///tmp/x", "nonsense:"]) {
    const error = assertThrows(() => new Remote({ url, token: "" }), ErthError);
    assertEquals(error.code, "MIRROR_URL", url);
  }
});
