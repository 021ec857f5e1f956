import { assert, assertEquals } from "@std/assert";
import { Mirror } from "../../db/mirror/mirror.ts";
import { MirrorLoop } from "../../db/mirror/loop.ts";
import type { MirrorState } from "../../db/mirror/messages.ts";
import { Remote } from "../../db/remote/remote.ts";
import { poll } from "../harness.ts";
import { FaultProxy } from "./fault_proxy.ts";
import { codeOf, newStore, QUIET } from "./remote_support.ts";
import { Sqld, type SqldOptions } from "./sqld.ts";

/** A device that mirrors by itself, behind a line that can be damaged. */
interface Desk {
  server: Sqld;
  proxy: FaultProxy;
  loop: MirrorLoop;
  /** What the screen would show. */
  state: () => MirrorState | undefined;
  /** Somebody writes a note; nobody tells the loop. */
  write: (id: string) => void;
  /** The ids of the notes here, and there. */
  here: () => string;
  there: () => Promise<string>;
  /** The token from now on. */
  setToken: (token: string) => void;
}

function desk(name: string, body: (desk: Desk) => Promise<void>, options: SqldOptions = {}): void {
  Deno.test(name, async () => {
    await using server = await Sqld.start(options);
    await using proxy = new FaultProxy(server.url);
    const folder = await Deno.makeTempDir();
    const [person, store] = [await newStore(folder), await newStore(folder)];
    let token = server.token;
    const signed: typeof fetch = async (input, init) => {
      const request = new Request(input, init);
      request.headers.set("authorization", `Bearer ${token}`);
      return await fetch(request);
    };
    const remote = new Remote({ url: proxy.url, token: "replaced" }, { fetch: signed });
    const log = QUIET;
    const mirror = await Mirror.open({ store, remote, log, deviceName: "Desk", version: "1" });
    let state: MirrorState | undefined;
    const loop = new MirrorLoop({ mirror, remote, store, tell: (told) => state = told });
    const ids = "SELECT group_concat(id, ' ') AS ids FROM (SELECT id FROM notes ORDER BY id)";
    loop.start();
    try {
      await poll(() => state?.phase === "current" && state.listening);
      await body({
        server,
        proxy,
        loop,
        state: () => state,
        write: (id) => {
          person.change("INSERT INTO notes (id, created_at, updated_at) VALUES (?, '', '')", id);
        },
        here: () => person.rows<{ ids: string }>(ids)[0]!.ids,
        there: async () => String((await server.execute(ids))[0]!.ids),
        setToken: (other) => token = other,
      });
    } finally {
      await loop.stop();
      remote.close();
      store.close();
      person.close();
      await Deno.remove(folder, { recursive: true });
    }
  });
}

/** Somebody else writes on the remote. */
async function writeThere(server: Sqld, id: string): Promise<void> {
  const sql = "INSERT INTO notes (id, created_at, updated_at) VALUES (?, '', '')";
  await server.execute(sql, [id]);
}

for (const kind of ["cut", "rubbish", "unavailable"] as const) {
  desk(`A line that is '${kind}' is told, and overcome by itself`, async (desk) => {
    const { server, proxy, state, write, here, there } = desk;
    write("a1");
    await poll(async () => await there() === "a1");
    await poll(() => state()?.phase === "current" && state()?.pending === 0);
    // Ends the stream of news too.
    proxy.begin({ kind: "cut" });
    write("a2");
    await writeThere(server, "b1");
    await poll(() => state()?.phase === "offline" && state()?.pending === 1);
    assertEquals([state()?.error?.code, state()?.listening], ["MIRROR_OFFLINE", false]);
    proxy.begin({ kind });
    await poll(() => kind === "cut" || proxy.matched > 0);
    proxy.end();
    await poll(() => here() === "a1 a2 b1");
    await poll(async () => await there() === "a1 a2 b1");
    await poll(() => state()?.phase === "current" && state()?.listening);
    assertEquals([state()?.error, state()?.pending], [undefined, 0]);
  });
}

desk("A server that is killed and started again is found again", async (desk) => {
  const { server, state, write, here, there } = desk;
  await server.kill();
  write("a1");
  await poll(() => state()?.phase === "offline");
  await server.restart();
  await poll(() => state()?.phase === "current" && state()?.listening);
  assertEquals(await there(), "a1");
  await writeThere(server, "b1");
  await poll(() => here() === "a1 b1");
});

desk("An expired token stops it with a word, and a new one sets it going", async (desk) => {
  const { server, loop, state, write, there, setToken } = desk;
  setToken(server.tokens.expired);
  write("a1");
  await poll(() => state()?.phase === "stopped" && state()?.pending === 1);
  assertEquals(state()?.error?.code, "MIRROR_AUTH");
  assert(!JSON.stringify(state()).includes(server.tokens.expired));
  assertEquals(await codeOf(loop.now()), "MIRROR_AUTH");
  setToken(server.tokens.readOnly);
  assertEquals(await codeOf(loop.now()), "MIRROR_AUTH");
  setToken(server.token);
  await loop.now();
  assertEquals([await there(), state()?.phase, state()?.error], ["a1", "current", undefined]);
}, { jwt: true });

desk("A used-up quota stops it with a word, and what is written waits", async (desk) => {
  const { server, loop, state, write, here, there } = desk;
  await server.block("SQL write operations are forbidden (writes are blocked)");
  write("a1");
  await poll(() => state()?.phase === "stopped" && state()?.pending === 1);
  assertEquals(state()?.error?.code, "MIRROR_QUOTA");
  write("a2");
  await server.block(undefined);
  await loop.now();
  assertEquals([await there(), here()], ["a1 a2", "a1 a2"]);
  assertEquals([state()?.phase, state()?.pending, state()?.aside], ["current", 0, []]);
}, { namespaces: true });

desk("While it listens it asks for nothing, and hears of everything", async (desk) => {
  const { server, proxy, state, here } = desk;
  await poll(() => state()?.devices.length === 1);
  for (const number of [1, 2, 3]) {
    await writeThere(server, `b${number}`);
    await poll(() => here()?.endsWith(`b${number}`));
  }
  await poll(() => state()?.phase === "current");
  // Each batch takes a few questions, and no more come without one.
  assert(proxy.counts.requests < 40, `${proxy.counts.requests} requests`);
});
