import { assert, assertEquals, assertThrows } from "@std/assert";
import { ErthError } from "../../errors.ts";
import { LineLog } from "../../log.ts";
import { FakeClock } from "../../tests/fixtures/fake_clock.ts";
import { systemClock, within } from "../process/clock.ts";
import { type Handler, listen, type ListenOptions } from "./listen.ts";

function start(options: Partial<ListenOptions> = {}, handler: Handler = () => new Response("ok")) {
  const lines: string[] = [];
  const log = new LineLog((line) => lines.push(line));
  const server = listen({ port: 0, log, ...options }, handler);
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const ask = async () => {
    using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
    return await (await fetch(origin, { client })).text();
  };
  return { ask, lines, origin, server };
}

Deno.test("a port answers, and is free again after its end", async () => {
  const { ask, server } = start();
  assertEquals(await ask(), "ok");
  const { port } = server.addr;
  const error = assertThrows(() => start({ port }), ErthError);
  assertEquals(error.code, "PORT_IN_USE");
  await server.shutdown();
  const again = start({ port });
  assertEquals(await again.ask(), "ok");
  await again.server.shutdown();
});

Deno.test("a handler that throws is logged, and costs its own request only", async () => {
  const { ask, lines, server } = start({}, () => Promise.reject(new Error("no")));
  assertEquals(await ask(), "");
  assert(lines.some((line) => line.includes("listen.unanswered")), lines.join("\n"));
  await server.shutdown();
});

Deno.test("a silent connection is ended, one that proved itself and waits isn't", async () => {
  const clock = new FakeClock();
  const { promise: answer, resolve } = Promise.withResolvers<Response>();
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  const { ask, server } = start({ clock }, (_request, peer) => {
    peer.prove();
    arrive();
    return answer;
  });
  const asked = ask();
  await arrived;
  using silent = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
  const read = silent.read(new Uint8Array(1)).catch(() => null);
  // Until the server has taken it, there is nothing to end.
  while (await Promise.race([read, clock.advance(1_000)]) === undefined);
  assertEquals(await read, null);
  resolve(new Response("waited"));
  assertEquals(await asked, "waited");
  await server.shutdown();
});

Deno.test("a failure to accept is waited out, and a listener that only fails is opened anew", async () => {
  const clock = new FakeClock();
  let opened = 0;
  const open = (port: number): Deno.Listener => {
    const real = Deno.listen({ hostname: "127.0.0.1", port });
    if (opened++ > 0) return real;
    real.accept = () => Promise.reject(new Error("Too many open files (os error 24)"));
    return real;
  };
  const { ask, lines, server } = start({ clock, open });
  await clock.advance(2_000);
  assertEquals(opened, 2);
  assertEquals(await ask(), "ok");
  assert(lines.some((line) => line.includes("listen.failed")), lines.join("\n"));
  assert(lines.some((line) => line.includes("listen.renewed")), lines.join("\n"));
  await server.shutdown();
});

Deno.test("connections that broke off before they were taken delay nobody", async () => {
  let broken = 0;
  const open = (port: number): Deno.Listener => {
    const real = Deno.listen({ hostname: "127.0.0.1", port });
    const accept = real.accept.bind(real);
    real.accept = () => {
      if (broken++ < 50) return Promise.reject(new Deno.errors.NotConnected("os error 107"));
      return accept();
    };
    return real;
  };
  // No time passes: a pause would be for ever.
  const { ask, lines, server } = start({ clock: new FakeClock(), open });
  assert(await within(systemClock, 5_000, ask()), "It waited");
  assertEquals(lines, []);
  await server.shutdown();
});

Deno.test("where descriptors are few, it answers all the same", async () => {
  const clock = new FakeClock();
  const { ask, server } = start({ clock, raise: () => Promise.resolve(256) });
  await clock.advance(0);
  // The first is waited for already when the limit is known.
  for (let number = 0; number < 3; number++) {
    assert(await within(systemClock, 5_000, ask()), `${number}`);
  }
  await server.shutdown();
});

Deno.test("it ends in order even if its port couldn't be listened at anew", async () => {
  const clock = new FakeClock();
  let opened = 0;
  const open = (port: number): Deno.Listener => {
    if (opened++ > 0) throw new ErthError("PORT_IN_USE");
    const real = Deno.listen({ hostname: "127.0.0.1", port });
    real.accept = () => Promise.reject(new Error("Too many open files (os error 24)"));
    return real;
  };
  const { server } = start({ clock, open });
  await clock.advance(2_000);
  assert(opened > 1);
  await server.shutdown();
});

Deno.test("the end of a port survives connections that end just then", async () => {
  const hello = new TextEncoder().encode("OPTIONS / HTTP/1.1\r\nhost: x\r\n\r\n");
  for (let round = 0; round < 40; round++) {
    const { server } = start();
    const connections: Deno.TcpConn[] = [];
    for (let number = 0; number < 30; number++) {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
      await connection.write(hello);
      connections.push(connection);
    }
    await Promise.all(connections.map((it) => it.read(new Uint8Array(2000))));
    const ended = server.shutdown();
    for (const connection of connections) {
      connection.close();
      // Each at another moment of the port's end.
      await Promise.resolve();
    }
    await ended;
  }
});
