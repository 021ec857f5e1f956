import { assert, assertEquals } from "@std/assert";
import { Erth } from "../harness.ts";
import { type Fault, FaultProxy } from "./fault_proxy.ts";
import { assertEqualEverywhere, openStore } from "./places.ts";
import { Sqld } from "./sqld.ts";

const END_MS = 3_000;
const NOTES = 5;
/** The edits with which faults begin, in turn. */
const BEGINS = [0, 3];

/** What may be wrong with the way to the remote while Erth is told to end. */
const FAULTS: Fault[] = [
  { kind: "pass" },
  { kind: "cut" },
  { kind: "half-open" },
  { kind: "reset" },
  { kind: "unavailable" },
  { kind: "rubbish" },
  { kind: "truncated" },
  { kind: "duplicate" },
  { kind: "delay", ms: 5_000 },
  { kind: "trickle", bytes: 1, ms: 200 },
  { kind: "late", ms: 2_000 },
];

/** Ends it with SIGTERM, which has to be in order and in time. */
async function end(erth: Erth): Promise<void> {
  const began = performance.now();
  assertEquals(await erth.stop(), 0);
  const took = performance.now() - began;
  assert(took < END_MS, `It took ${took} ms`);
}

Deno.test("SIGTERM ends it within three seconds whatever the remote does, and nothing is lost", async (test) => {
  await using server = await Sqld.start();
  await using proxy = new FaultProxy(server.url);
  const data = await Deno.makeTempDir();
  const bodies: string[] = [];
  {
    await using erth = await Erth.start({ data });
    await erth.json("shell/mirror/connect", { url: proxy.url });
    await erth.json("shell/mirror/now", {});
  }
  for (const [index, fault] of FAULTS.entries()) {
    const at = BEGINS[index % BEGINS.length]!;
    await test.step(`${fault.kind} from edit ${at} on`, async () => {
      {
        await using erth = await Erth.start({ data });
        await erth.json("shell/mirror/now", {});
        for (let number = 0; number < NOTES; number++) {
          if (number === at) proxy.begin(fault);
          const body = `${fault.kind} ${at} ${number}`;
          await erth.json("notes", { title: "Last words", body });
          bodies.push(body);
        }
        await end(erth);
      }
      proxy.end();
      await proxy.settled();
      await using erth = await Erth.start({ data });
      await erth.json("shell/mirror/now", {});
      const store = await openStore(data);
      const { notes } = await assertEqualEverywhere(server, [store]);
      store.close();
      const there = (JSON.parse(notes!) as string[][]).map(([, , body]) => body!);
      assertEquals(there.toSorted(), bodies.toSorted());
    });
  }
  await Deno.remove(data, { recursive: true });
});
