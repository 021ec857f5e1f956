import { assertEquals } from "@std/assert";
import { LineLog } from "../../log.ts";
import { FakeClock } from "../../tests/fixtures/fake_clock.ts";
import { Connections } from "./connections.ts";

const OURS = 1000, OTHER = 1001;

function setup(uids?: Map<string, number>) {
  const clock = new FakeClock();
  const lines: string[] = [];
  const ended: string[] = [];
  const connections = new Connections({
    bounds: { life: 10_000, each: 3, grace: 1_000 },
    ownUid: OURS,
    findUids: () => Promise.resolve(uids),
    clock,
    log: new LineLog((line) => lines.push(line)),
  });
  const add = (...addresses: string[]) => {
    for (const address of addresses) connections.add(address, () => ended.push(address));
  };
  return { add, clock, connections, ended, lines };
}

Deno.test("a connection without a session ends after its time, one with a session doesn't", async () => {
  const { add, clock, connections, ended } = setup();
  add("silent");
  connections.add("proven", () => ended.push("proven"))();
  await clock.advance(9_000);
  assertEquals(ended, []);
  await clock.advance(2_000);
  assertEquals(ended, ["silent"]);
  assertEquals(clock.pending, 0);
});

Deno.test("the end of a connection spares none that has got its address since", async () => {
  const { clock, connections, ended } = setup();
  const forget = connections.add("a", () => ended.push("first"));
  connections.add("a", () => ended.push("second"));
  forget();
  assertEquals(connections.unproven, 1);
  await clock.advance(11_000);
  assertEquals(ended, ["second"]);
});

Deno.test("a crowd costs its own account the oldest, and another none", async () => {
  const ours = ["ours 1", "ours 2", "ours 3", "ours 4"];
  const uids = new Map(ours.map((address) => [address, OURS]));
  const { add, clock, ended, lines } = setup(uids);
  const crowd = Array.from({ length: 100 }, (_, at) => `other ${at}`);
  for (const address of crowd) uids.set(address, OTHER);
  add(...ours, ...crowd);
  await clock.advance(900);
  assertEquals(ended, []);
  await clock.advance(200);
  assertEquals(ended, crowd.slice(0, -3));
  await clock.advance(20_000);
  assertEquals(lines.map((line) => /count=\d+/.exec(line)?.[0]), ["count=97"]);
});

Deno.test("where the system names nobody, all are one account", async () => {
  const { add, clock, ended } = setup(undefined);
  add("a", "b", "c", "d");
  await clock.advance(1_100);
  assertEquals(ended, ["a"]);
});

Deno.test("nothing is looked at while there is nothing, nor after the end", async () => {
  const { add, clock, connections } = setup();
  assertEquals(clock.pending, 0);
  add("a");
  await connections.close();
  add("b");
  await clock.advance(20_000);
  assertEquals([clock.pending, connections.unproven], [0, 2]);
});
