import { assert, assertEquals } from "@std/assert";
import { mergeRow, type MergeRules } from "../../db/mirror/merge.ts";
import { Divergence, type Sabotage } from "./run.ts";
import { playSeeds, range } from "./seeds.ts";

/** So many seeds have to notice what is broken on purpose. */
const ENOUGH = 100;

Deno.test("four devices end alike, with nothing lost and nothing doubled: 100 seeds", async () => {
  const failures: string[] = [];
  await playSeeds(range(1, 100), ({ message }) => failures.push(message) < 3);
  assertEquals(failures.join("\n\n"), "");
});

Deno.test("the suite notices if texts that lose aren't kept", () =>
  assertNoticed({
    merging: (...args) => ({ ...mergeRow(...args), lost: { own: {}, others: {} } }),
  }));

Deno.test("the suite notices if a deletion wins against an edit", () =>
  assertNoticed({
    merging: (local, remote, rules) =>
      mergeRow(local, remote, { ...rules, fades: false } satisfies MergeRules),
  }));

Deno.test("the suite notices if a batch is taken that was made without the latest news", () =>
  assertNoticed({
    tamper: async (request) => {
      const sql = await request.clone().text();
      if (!sql.includes("INSERT INTO erth_inbox")) return request;
      const newest = { sql: "SELECT seq || '-' || id FROM erth_batches ORDER BY seq DESC LIMIT 1" };
      const base = await ask(request.url, newest);
      return withArgument(request, sql, 1, base ?? "0-");
    },
  }));

Deno.test("the suite notices if a batch whose answer was lost isn't known again", () =>
  assertNoticed({
    tamper: async (request, isLost) => {
      const sql = await request.clone().text();
      if (!isLost || !sql.includes("INSERT INTO erth_inbox")) return request;
      return withArgument(request, sql, 0, "0123456789abcdef");
    },
  }));

/** Some seed has to go wrong, and by what devices hold at that. */
async function assertNoticed(sabotage: Sabotage): Promise<void> {
  const found: Error[] = [];
  await playSeeds(range(1, ENOUGH), (error) => {
    found.push(error);
    return false;
  }, sabotage);
  assert(found.length > 0, `None of ${ENOUGH} seeds noticed anything`);
  assert(found[0] instanceof Divergence, String(found[0]));
}

/** The request with another argument of its statement. */
function withArgument(request: Request, body: string, index: number, value: string): Request {
  const pipeline = JSON.parse(body);
  for (const { stmt } of pipeline.requests) {
    if (stmt?.sql?.includes("erth_inbox")) stmt.args[index] = { type: "text", value };
  }
  const { url, method } = request;
  const headers = new Headers(request.headers);
  headers.delete("content-length");
  return new Request(url, { method, headers, body: JSON.stringify(pipeline) });
}

/** The first value of a statement's answer. */
async function ask(url: string, stmt: { sql: string }): Promise<string | undefined> {
  const body = JSON.stringify({
    baton: null,
    requests: [{ type: "execute", stmt }, { type: "close" }],
  });
  const response = await fetch(url, { method: "POST", body });
  const { results } = await response.json();
  return results[0].response.result.rows[0]?.[0].value;
}
