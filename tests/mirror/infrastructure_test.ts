import { assert, assertEquals, assertRejects } from "@std/assert";
import { createClient } from "@libsql/client/web";
import { isAlive, poll } from "../harness.ts";
import { type Fault, FaultProxy } from "./fault_proxy.ts";
import { Sqld } from "./sqld.ts";

/** One insert through a proxy, as any client would make it; whether it was told of success. */
async function insert(url: string, value: string): Promise<boolean> {
  const limited: typeof fetch = (input, init) =>
    fetch(input, { ...init, signal: AbortSignal.timeout(1_000) });
  const client = createClient({ url, fetch: limited });
  try {
    const { rowsAffected } = await client.execute({
      sql: "INSERT INTO t VALUES (?)",
      args: [value],
    });
    return rowsAffected === 1;
  } catch {
    return false;
  } finally {
    client.close();
  }
}

/** What stands in the table, as `value:count`. */
async function stored(server: Sqld, url = server.url): Promise<string[]> {
  const rows = await server.execute(
    "SELECT a, count(*) AS n FROM t GROUP BY a ORDER BY a",
    [],
    url,
  );
  return rows.map(({ a, n }) => `${a}:${n}`);
}

/** A server with a table, and a proxy before it. */
async function pair() {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await Sqld.start());
  const proxy = stack.use(new FaultProxy(server.url));
  await server.execute("CREATE TABLE t (a TEXT)");
  return { server, proxy, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

Deno.test("A server keeps its data over stop and kill, and goes back to a snapshot", async () => {
  await using server = await Sqld.start();
  await server.execute("CREATE TABLE t (a TEXT)");
  await server.execute("INSERT INTO t VALUES (?)", ["one"]);
  const pid = server.pid!;
  await server.restart();
  assert(server.pid !== pid && !isAlive(pid));
  assertEquals(await stored(server), ["one:1"]);
  const snapshot = await server.snapshot();
  await server.execute("INSERT INTO t VALUES ('two')");
  await server.kill();
  await assertRejects(() => server.execute("SELECT 1"));
  await server.restart();
  assertEquals(await stored(server), ["one:1", "two:1"]);
  await server.restore(snapshot);
  assertEquals(await stored(server), ["one:1"]);
  await server.wipe();
  assertEquals(await server.execute("SELECT name FROM sqlite_master"), []);
});

Deno.test("A server ends with the process that started it", async () => {
  const folder = await Deno.makeTempDir();
  const code = `import { Sqld } from ${JSON.stringify(import.meta.resolve("./sqld.ts"))};
    const server = await Sqld.start({ folder: ${JSON.stringify(folder)} });
    console.log(server.pid);
    await new Promise(() => setInterval(() => {}, 1000));`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", code],
    cwd: import.meta.dirname,
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const pid = Number((await reader.read()).value);
  assert(isAlive(pid));
  child.kill("SIGKILL");
  await child.status;
  await reader.cancel();
  await poll(() => !isAlive(pid));
  await Deno.remove(folder, { recursive: true });
});

Deno.test("A server with databases keeps them apart, blocks and drops them", async () => {
  await using server = await Sqld.start({ namespaces: true });
  const [one, two] = [await server.fresh(), await server.fresh()];
  await server.execute("CREATE TABLE t (a TEXT)", [], one);
  await server.execute("CREATE TABLE t (a TEXT)", [], two);
  assert(await insert(one, "one"));
  assertEquals(await stored(server, two), []);
  await using proxy = new FaultProxy(server.url);
  assert(await insert(proxy.at(two), "two"));
  assertEquals(await stored(server, two), ["two:1"]);
  await server.block("quota", one);
  await assertRejects(() => server.execute("DELETE FROM t", [], one), Error, "quota");
  assert(await insert(two, "two"));
  await server.block(undefined, one);
  assert(await insert(one, "one"));
  await server.drop(two);
  await assertRejects(() => server.execute("SELECT 1", [], two));
  assertEquals(await stored(server, one), ["one:2"]);
});

Deno.test("A server with keys lets in whom it should", async () => {
  await using server = await Sqld.start({ jwt: true });
  const status = async (token: string, sql: string) => {
    const requests = [{ type: "execute", stmt: { sql } }, { type: "close" }];
    const response = await fetch(`${server.url}/v2/pipeline`, {
      method: "POST",
      headers: token === "" ? {} : { authorization: `Bearer ${token}` },
      body: JSON.stringify({ requests }),
    });
    await response.body?.cancel();
    return response.status;
  };
  const { valid, expired, readOnly, forged } = server.tokens;
  const tokens = [valid, readOnly, expired, forged, ""];
  const reads = await Promise.all(tokens.map((token) => status(token, "SELECT 1")));
  assertEquals(reads, [200, 200, 401, 401, 401]);
  assertEquals(await status(valid, "CREATE TABLE t (a TEXT)"), 200);
  assertEquals(await status(readOnly, "INSERT INTO t VALUES (1)"), 403);
});

/** Each fault, whether the client is told of success, and how often the row stands there then. */
const FAULTS: [Fault, boolean, number][] = [
  [{ kind: "pass" }, true, 1],
  [{ kind: "cut" }, false, 0],
  [{ kind: "delay", ms: 50 }, true, 1],
  [{ kind: "half-open" }, false, 0],
  [{ kind: "reset" }, false, 1],
  [{ kind: "unavailable" }, false, 0],
  [{ kind: "rubbish" }, false, 0],
  [{ kind: "truncated" }, false, 1],
  [{ kind: "trickle", bytes: 64, ms: 1 }, true, 1],
  [{ kind: "duplicate" }, true, 2],
  [{ kind: "late", ms: 50 }, false, 1],
];

Deno.test("Each fault does what it is for, and passes", async (test) => {
  await using parts = await pair();
  const { server, proxy } = parts;
  for (const [fault, told, times] of FAULTS) {
    await test.step(fault.kind, async () => {
      await server.execute("DELETE FROM t");
      proxy.begin(fault);
      assertEquals(await insert(proxy.url, "x"), told);
      await proxy.settled();
      assertEquals(await stored(server), times === 0 ? [] : [`x:${times}`]);
      proxy.end();
      assert(await insert(proxy.url, "y"));
      assert((await stored(server)).includes("y:1"));
    });
  }
});

Deno.test("A fault meets only the requests it is meant for", async () => {
  await using parts = await pair();
  const { server, proxy } = parts;
  proxy.begin({ kind: "reset" }, { only: "/v2/pipeline", nth: 2 });
  const health = await fetch(`${proxy.url}/health`);
  await health.body?.cancel();
  assertEquals(health.status, 200);
  assertEquals(
    [await insert(proxy.url, "1"), await insert(proxy.url, "2"), await insert(proxy.url, "3")],
    [true, false, true],
  );
  assertEquals(await stored(server), ["1:1", "2:1", "3:1"]);
  assertEquals([proxy.counts.requests, proxy.matched], [4, 3]);
  proxy.begin({ kind: "unavailable" });
  const told = [];
  for (const value of ["4", "5", "6", "7"]) told.push(await insert(proxy.url, value));
  assertEquals(told, [false, true, false, true]);
  proxy.resetCounts();
  assertEquals(proxy.counts.fromClient, 0);
  await insert(proxy.url, "x".repeat(1000));
  assert(proxy.counts.fromClient > 1000 && proxy.counts.fromClient < 2000);
});

Deno.test("Streams of changes pass, fall silent when half open, and end when cut", async () => {
  await using parts = await pair();
  const { server, proxy } = parts;
  const listen = async () => {
    const response = await fetch(`${proxy.url}/beta/listen?table=t`);
    return response.body!.pipeThrough(new TextDecoderStream()).getReader();
  };
  const silent = await listen();
  await server.execute("INSERT INTO t VALUES ('1')");
  assert((await silent.read()).value!.includes("changes"));
  proxy.begin({ kind: "half-open" });
  const word = silent.read().then(({ value }) => value, () => "end");
  await server.execute("INSERT INTO t VALUES ('2')");
  proxy.end();
  const other = await listen();
  await server.execute("INSERT INTO t VALUES ('3')");
  assert((await other.read()).value!.includes("changes"));
  proxy.begin({ kind: "cut" });
  await assertRejects(() => other.read());
  assertEquals(await word, "end");
});
