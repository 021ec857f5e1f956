import { assertEquals } from "@std/assert";
import { Erth } from "../harness.ts";

const CROWD = 200;

const encoder = new TextEncoder();

/** Opens a connection and sends the beginning of a request, and nothing more. */
async function begin(erth: Erth, lines: readonly string[]): Promise<Deno.Conn> {
  const { hostname, port } = new URL(erth.url);
  const connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(encoder.encode(lines.join("\r\n")));
  return connection;
}

Deno.test("clients that hesitate are given up, and hold nobody else up", async () => {
  await using erth = await Erth.start();
  const { host, pathname } = new URL(erth.url);
  const head = [
    `POST ${pathname}notes HTTP/1.1`,
    `Host: ${host}`,
    `Authorization: Bearer ${erth.token}`,
    "Content-Type: application/x-www-form-urlencoded",
    "Content-Length: 1000",
  ];
  using halfBody = await begin(erth, [...head, "", "title=Half"]);
  const crowd = await Promise.all(
    Array.from({ length: CROWD }, () => begin(erth, head.slice(0, 3))),
  );
  for (let request = 0; request < CROWD; request++) await erth.json("notes");
  for (const connection of crowd) connection.close();
  // The gateway waits half a minute for the next piece of a body.
  const answer = new Uint8Array(100);
  await halfBody.read(answer);
  assertEquals(new TextDecoder().decode(answer).split("\r\n")[0], "HTTP/1.1 400 Bad Request");
  assertEquals((await erth.json<{ total: number }>("notes")).total, 0);
});
