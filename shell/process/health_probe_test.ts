import { assertEquals } from "@std/assert";
import { FakeClock } from "../../tests/fixtures/fake_clock.ts";
import { LineLog } from "../../log.ts";
import { HealthProbe } from "./health_probe.ts";

/** A server that answers as told, and a probe of it. */
function watched(answer: (key: string | null) => Promise<Response> | Response) {
  const clock = new FakeClock();
  const dead: string[] = [];
  let asked = 0;
  let heard = Promise.withResolvers<void>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    asked += 1;
    heard.resolve();
    return answer(request.headers.get("authorization"));
  });
  const probe = new HealthProbe({
    port: server.addr.port,
    path: "/model/health",
    key: "key",
    interval: 5_000,
    clock,
    log: new LineLog(() => {}),
    onDead: (reason) => dead.push(reason),
  });
  return {
    clock,
    dead,
    probe,
    asked: () => asked,
    /** Lets the next probe go out, and its answer come. */
    async round() {
      heard = Promise.withResolvers();
      await clock.advance(5_000);
      await heard.promise;
      await probe.asked;
    },
    async [Symbol.asyncDispose]() {
      probe.stop();
      assertEquals(clock.pending, 0);
      await server.shutdown();
    },
  };
}

Deno.test("who answers lives", async () => {
  await using it = watched((key) =>
    new Response(null, { status: key === "Bearer key" ? 200 : 401 })
  );
  for (let round = 0; round < 6; round++) await it.round();
  assertEquals([it.asked(), it.dead], [6, []]);
});

Deno.test("who refuses three times in a row is dead, and asked no more", async () => {
  await using it = watched(() => new Response(null, { status: 500 }));
  for (let round = 0; round < 3; round++) await it.round();
  assertEquals(it.dead, []);
  await it.clock.advance(30_000);
  assertEquals([it.asked(), it.dead], [3, ["It gave no sign of life 3 times in a row"]]);
});

Deno.test("who misses twice and answers then lives", async () => {
  let late = 2;
  await using it = watched(() => new Response(null, { status: late-- > 0 ? 500 : 200 }));
  for (let round = 0; round < 6; round++) await it.round();
  assertEquals(it.dead, []);
});

Deno.test("after a suspend nobody is taken for dead", async () => {
  await using it = watched(() => new Response(null, { status: 500 }));
  for (let round = 0; round < 3; round++) await it.round();
  it.clock.suspend(60_000);
  await it.clock.advance(0);
  assertEquals(it.dead, []);
});

Deno.test("who is gone is dead", async () => {
  await using it = watched(() => new Response());
  const gone = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = gone.addr as Deno.NetAddr;
  gone.close();
  const { clock } = it;
  const dead = Promise.withResolvers<string>();
  const log = new LineLog(() => {});
  const options = { port, path: "/", key: "key", interval: 1_000, clock, log };
  new HealthProbe({ ...options, onDead: dead.resolve });
  await clock.advance(4_000);
  assertEquals(await dead.promise, "It gave no sign of life 3 times in a row");
});
