import { assert, assertEquals, assertRejects } from "@std/assert";
import { Erth, erth as command, isAlive, poll, StartError } from "../harness.ts";
import {
  allNotes,
  askAtLength,
  childrenOf,
  FILLER,
  freeze,
  hasUnread,
  readySidecar,
} from "./support.ts";

const ORPHAN_MS = 2_000;
const END_MS = 3_000;

/** Ends it with SIGTERM and checks that it ends in order, in time, and leaves nothing behind. */
async function endsInOrder(erth: Erth): Promise<void> {
  const sidecars = childrenOf(erth.pid);
  const start = performance.now();
  assertEquals(await erth.stop(), 0);
  const took = performance.now() - start;
  assert(took < END_MS, `Took ${took} ms`);
  assertEquals(sidecars.filter(isAlive), []);
  await assertRejects(() => Deno.stat(`${erth.data}/instance.json`), Deno.errors.NotFound);
}

Deno.test("killed hard, it leaves no sidecar, and the next start finds everything", async () => {
  const data = await Deno.makeTempDir();
  const first = await Erth.start({ data });
  await first.json("notes", { title: "Kept" });
  const sidecar = await first.sidecar();
  Deno.kill(first.pid, "SIGKILL");
  await poll(() => !isAlive(sidecar), ORPHAN_MS);
  await first.status;
  const status = await command(["status", "--json", "--data", data]);
  assertEquals([status.code, JSON.parse(status.stdout).error.code], [4, "NOT_RUNNING"]);
  {
    await using second = await Erth.start({ data });
    assertEquals((await allNotes(second)).map(({ title }) => title), ["Kept"]);
  }
  await Deno.remove(data, { recursive: true });
});

Deno.test("killed hard under a stream, it leaves no sidecar", async () => {
  await using erth = await Erth.start({ faults: ["slow"] });
  const address = await askAtLength(erth);
  const stream = await erth.fetch(`${address}/stream`);
  const reader = stream.body!.getReader();
  await reader.read();
  const sidecar = await erth.sidecar();
  Deno.kill(erth.pid, "SIGKILL");
  await poll(() => !isAlive(sidecar), ORPHAN_MS);
  await reader.cancel().catch(() => {});
});

Deno.test("SIGTERM ends it in order while idle", async () => {
  await using erth = await Erth.start();
  await erth.sidecar();
  await endsInOrder(erth);
});

Deno.test("SIGTERM ends it in order while it starts", async () => {
  await using erth = await Erth.start();
  await endsInOrder(erth);
});

Deno.test("SIGTERM ends it in order under streams", async () => {
  await using erth = await Erth.start({ faults: ["slow"] });
  const address = await askAtLength(erth);
  const streams = [await erth.fetch("events"), await erth.fetch(`${address}/stream`)];
  const readers = streams.map(({ body }) => body!.getReader());
  for (const reader of readers) await reader.read();
  await endsInOrder(erth);
  for (const reader of readers) await reader.cancel().catch(() => {});
});

Deno.test("SIGTERM ends it in order while its sidecar hangs under a request", async () => {
  await using erth = await Erth.start();
  const { pid, port } = await readySidecar(erth);
  await freeze(pid);
  const answer = erth.fetch("notes", { headers: FILLER }).catch(() => undefined);
  await poll(() => hasUnread(port));
  await endsInOrder(erth);
  await (await answer)?.body?.cancel();
});

Deno.test("SIGTERM ends it in order while a request is held", async () => {
  const broken = await Deno.makeTempFile();
  await using erth = await Erth.start({ faults: [`broken=${broken}`] });
  const answer = erth.fetch("notes").catch(() => undefined);
  await poll(async () => (await erth.report()).sidecar.restarts.length > 0);
  await endsInOrder(erth);
  await (await answer)?.body?.cancel();
  await Deno.remove(broken);
});

Deno.test("shell/stop ends it in order", async () => {
  await using erth = await Erth.start();
  await erth.sidecar();
  await erth.json("shell/stop", {});
  assertEquals((await erth.status).code, 0);
});

Deno.test("a second instance on one data folder is refused, commands use the first", async () => {
  await using erth = await Erth.start();
  const { data } = erth;
  const second = await command(["serve", "--json", "--data", data]);
  const { error } = JSON.parse(second.stdout);
  assertEquals([second.code, error.code, error.recoverable], [4, "DATA_IN_USE", true]);
  const added = await command(["note", "add", "From outside", "--json", "--data", data]);
  assertEquals(added.code, 0);
  const [note] = await allNotes(erth);
  assertEquals(note?.id, JSON.parse(added.stdout).id);
  const status = await command(["status", "--json", "--data", data]);
  assertEquals(JSON.parse(status.stdout).pid, erth.pid);
});

Deno.test("of instances started at once on one data folder, one runs", async () => {
  const data = await Deno.makeTempDir();
  const starts = await Promise.allSettled(Array.from({ length: 4 }, () => Erth.start({ data })));
  const running = starts.filter((start) => start.status === "fulfilled");
  const refused = starts.filter((start) => start.status === "rejected").map(({ reason }) => reason);
  for (const { value } of running) {
    await value.json("notes", { title: "One" });
    await value.stop();
  }
  assertEquals(running.length, 1);
  assertEquals(
    refused.map((reason) => reason instanceof StartError && [reason.code, reason.exit]),
    Array(3).fill(["DATA_IN_USE", 4]),
  );
  await Deno.remove(data, { recursive: true });
});

Deno.test("commands started at once on one data folder all succeed", async () => {
  const data = await Deno.makeTempDir();
  const args = ["--json", "--data", data];
  const added = await Promise.all(
    Array.from({ length: 4 }, (_, number) => command(["note", "add", `Note ${number}`, ...args])),
  );
  assertEquals(added.map(({ code, stdout }) => code === 0 || stdout), Array(4).fill(true));
  const listed = JSON.parse((await command(["note", "list", ...args])).stdout);
  assertEquals(listed.total, 4);
  await Deno.remove(data, { recursive: true });
});
