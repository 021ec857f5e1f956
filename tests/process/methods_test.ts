import { assertEquals, assertMatch } from "@std/assert";
import { Erth } from "../harness.ts";
import { raw } from "./raw.ts";

Deno.test("a method that nothing here knows is refused, with a code", async () => {
  await using erth = await Erth.start();
  await erth.json("notes");
  const { host, port, pathname } = new URL(erth.url);
  for (const route of ["notes", "shell/stop", "status", "launch", ""]) {
    for (const method of ["TRACE", "TRACK", "get", "QUERY", "PROPFIND"]) {
      const { status, text } = await raw(Number(port), [
        `${method} ${pathname}${route} HTTP/1.1`,
        `Host: ${host}`,
        `Authorization: Bearer ${erth.token}`,
        "Accept: application/json",
      ]);
      assertEquals([method, status, text.includes("METHOD_NOT_ALLOWED")], [method, 405, true]);
      assertMatch(text, /^allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r$/m);
    }
  }
  assertEquals((await erth.report()).sidecar.restarts, []);
});
