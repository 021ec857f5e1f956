import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { Erth, poll } from "../harness.ts";
import {
  allNotes,
  askAtLength,
  childrenOf,
  FILLER,
  freeze,
  hasUnread,
  readAnswer,
  readySidecar,
} from "./support.ts";

const KILLS = 50;
const CLICKERS = 3;
/** More than would open the breaker if they had died by themselves. */
const STARTS_KILLED = 8;

/** Kills the sidecar while a request lies unread there: it is sure to be under way. */
async function killUnder<T>(erth: Erth, request: () => Promise<T>): Promise<T> {
  const { pid, port } = await readySidecar(erth);
  await freeze(pid);
  const answer = request();
  await poll(() => hasUnread(port));
  Deno.kill(pid, "SIGKILL");
  return await answer;
}

Deno.test("a sidecar killed while idle is replaced", async () => {
  await using erth = await Erth.start();
  const killed = await erth.sidecar();
  Deno.kill(killed, "SIGKILL");
  assertNotEquals(await erth.sidecar(killed), killed);
  const { restarts } = (await erth.report()).sidecar;
  assertEquals(restarts.map(({ reason }) => reason), ["Killed by SIGKILL"]);
  await erth.json("notes", { title: "After" });
});

Deno.test("a GET whose sidecar is killed is answered by the next", async () => {
  await using erth = await Erth.start();
  const { id } = await erth.json<{ id: string }>("notes", { title: "Kept" });
  const answer = await killUnder(
    erth,
    () => erth.json<{ title: string }>(`notes/${id}`, undefined, FILLER),
  );
  assertEquals(answer.title, "Kept");
  assertEquals((await erth.report()).sidecar.generation, 2);
});

Deno.test("a form whose sidecar is killed is saved once", async () => {
  await using erth = await Erth.start();
  await killUnder(erth, () => erth.json("notes", { title: "Once" }, FILLER));
  assertEquals((await allNotes(erth)).map(({ title }) => title), ["Once"]);
});

Deno.test("a form whose sidecar dies between commit and answer is saved once", async () => {
  const folder = await Deno.makeTempDir();
  const marker = join(folder, "die");
  await using erth = await Erth.start({ faults: [`die-after-commit=${marker}`] });
  await erth.json("notes", { title: "Before" });
  await Deno.writeTextFile(marker, "");
  const saved = await erth.fetch("notes", {
    method: "POST",
    body: new URLSearchParams({ title: "Once" }),
    headers: { accept: "application/json" },
  });
  assertEquals([saved.status, saved.headers.get("idempotency-replayed")], [201, "true"]);
  const notes = await allNotes(erth);
  assertEquals(notes.map(({ title }) => title), ["Once", "Before"]);
  assertEquals(notes[0]!.id, (await saved.json()).id);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("an answer whose sidecar is killed goes on to its end", async () => {
  await using erth = await Erth.start();
  const address = await askAtLength(erth);
  const killed = await erth.sidecar();
  let pieces = 0;
  const { text, end, breaks } = await readAnswer(erth, address, () => {
    if (pieces++ === 3) Deno.kill(killed, "SIGKILL");
  });
  assertEquals([end.state, text, breaks], ["done", end.body, 1]);
  assert(end.body.includes("Lighthouse 3"), end.body);
  const thread = await erth.json<{ messages: { role: string; state: string; body: string }[] }>(
    address.split("/").slice(0, 2).join("/"),
  );
  assertEquals(thread.messages.map(({ role, state }) => `${role} ${state}`), [
    "user done",
    "assistant done",
  ]);
  assertEquals(thread.messages[1]!.body, text);
});

Deno.test("each sidecar has its own port and token, and the old token is dead", async () => {
  const folder = await Deno.makeTempDir();
  const greetings = join(folder, "greetings");
  await using erth = await Erth.start({ faults: [`greetings=${greetings}`] });
  let last: number | undefined;
  for (let kill = 0; kill < 3; kill++) {
    last = await erth.sidecar(last);
    Deno.kill(last, "SIGKILL");
  }
  await erth.sidecar(last);
  const generations = await erth.generations();
  const tokens = (await Deno.readTextFile(greetings)).trim().split("\n");
  assertEquals(generations.map(({ token }) => token), tokens.map((token) => token.split(".")[0]));
  const distinct = (values: unknown[]) => new Set(values).size;
  assertEquals(distinct(generations.map(({ port }) => port)), 4);
  assertEquals(distinct(tokens.map((token) => token.split(".")[1])), 4);
  const statuses = [];
  for (const token of tokens) {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`http://127.0.0.1:${generations.at(-1)!.port}/notes`, { headers });
    await response.body?.cancel();
    statuses.push(response.status);
  }
  assertEquals(statuses, [401, 401, 401, 200]);
  const told = JSON.stringify(await erth.report());
  assert(tokens.every((token) => !told.includes(token.split(".")[1]!)), "A secret is in the log");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a request that kills the sidecar each time fails alone", async () => {
  await using erth = await Erth.start({ faults: ["die-route"] });
  await erth.sidecar();
  let over = false;
  let others = 0;
  const goingOn = Array.from({ length: CLICKERS }, async () => {
    while (!over) {
      await erth.json("notes", { title: `Other ${others++}` });
      await erth.json("notes");
    }
  });
  await assertRejects(() => erth.json("die"), Error, "SIDECAR_CRASHED");
  const after = others;
  await poll(() => others > after + CLICKERS);
  over = true;
  await Promise.all(goingOn);
  assertEquals((await erth.report()).sidecar.generation, 3);
  const titles = (await allNotes(erth)).map(({ title }) => title);
  assertEquals([titles.length, new Set(titles).size], [others, others]);
});

Deno.test("a sidecar that can't start opens the breaker, which says why and recovers", async () => {
  const folder = await Deno.makeTempDir();
  const broken = join(folder, "broken");
  await Deno.writeTextFile(broken, "");
  await using erth = await Erth.start({ faults: [`broken=${broken}`] });
  const held = assertRejects(() => erth.json("notes"), Error, "SIDECAR_BROKEN");
  const report = await poll(async () => {
    const { sidecar } = await erth.report();
    return sidecar.state === "broken" && sidecar;
  });
  assert(report.cause?.includes("spam: no such egg"), report.cause);
  await held;
  await assertRejects(() => erth.json("notes"), Error, "SIDECAR_BROKEN");
  await Deno.remove(broken);
  await erth.json("shell/retry", {});
  await erth.json("notes", { title: "Recovered" });
  assertEquals((await erth.report()).sidecar.state, "ready");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a form waits while sidecars are killed before they answer", async () => {
  await using erth = await Erth.start();
  const killed = new Set<number>();
  const saved = erth.json("notes", { title: "Once" });
  saved.catch(() => {});
  while (killed.size < STARTS_KILLED) {
    const pid = await poll(() => childrenOf(erth.pid).find((child) => !killed.has(child)));
    Deno.kill(pid, "SIGKILL");
    killed.add(pid);
  }
  await saved;
  assertEquals((await allNotes(erth)).map(({ title }) => title), ["Once"]);
});

Deno.test(`${KILLS} kills in a row lose no form, double none, and show no error`, async () => {
  await using erth = await Erth.start();
  const saved: string[] = [];
  let over = false;
  const clicking = Array.from({ length: CLICKERS }, async (_, clicker) => {
    for (let click = 0; !over; click++) {
      const title = `Click ${clicker}/${click}`;
      await erth.json("notes", { title, body: "x".repeat(1000) });
      saved.push(title);
      await erth.json(`notes?q=${clicker}`);
    }
  });
  // Looked at below; until then its failure must not count as unhandled.
  const clicked = Promise.all(clicking).finally(() => over = true);
  clicked.catch(() => {});
  let last: number | undefined;
  for (let kill = 0; kill < KILLS && !over; kill++) {
    const clicks = saved.length;
    last = await erth.sidecar(last);
    // At another moment each time: at once, or some clicks later.
    await poll(() => over || saved.length >= clicks + kill % 5);
    Deno.kill(last, "SIGKILL");
  }
  over = true;
  await clicked;
  const titles = (await allNotes(erth)).map(({ title }) => title);
  assertEquals(titles.toSorted(), saved.toSorted());
  const generations = await erth.generations();
  assertEquals(new Set(generations.map(({ token }) => token)).size, KILLS + 1);
});
