import { assert, assertEquals } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { join } from "node:path";
import type { MirrorReport } from "../../shell/mirror/report.ts";
import { Erth, erth as command, poll } from "../harness.ts";
import { allNotes } from "../process/support.ts";
import { Sqld } from "./sqld.ts";

const NO_SCREEN = { DISPLAY: "", WAYLAND_DISPLAY: "" };

/** Where commands run, and what they are told besides their words. */
interface Place {
  data: string;
  env?: Record<string, string>;
  stdin?: string;
}

/** Runs `erth mirror …`; exit code, error code if it failed, and what it printed. */
async function mirror(words: string[], { data, env, stdin }: Place) {
  const options = { stdin, env: { ...NO_SCREEN, ...env } };
  const args = ["mirror", ...words, "--json", "--data", data];
  const { code, stdout, stderr } = await command(args, options);
  assertEquals(stderr, "");
  const document = JSON.parse(stdout);
  return { code, error: document.error?.code, report: document as MirrorReport, out: stdout };
}

/** A folder for data, and a server that lets in its own tokens only. */
async function within(run: (data: string, server: Sqld) => Promise<void>): Promise<void> {
  const data = await Deno.makeTempDir();
  await using server = await Sqld.start({ jwt: true });
  await run(data, server);
  await Deno.remove(data, { recursive: true });
}

/** Connects with the valid token over standard input. */
async function connect(data: string, server: Sqld, ...more: string[]) {
  const stdin = `${server.tokens.valid}\n`;
  const done = await mirror(["connect", server.url, "--token-stdin", ...more], { data, stdin });
  assertEquals(done.code, 0, done.out);
  return done;
}

async function bodies(server: Sqld): Promise<string[]> {
  const rows = await server.execute("SELECT body FROM notes WHERE deleted_at IS NULL ORDER BY id");
  return rows.map(({ body }) => String(body));
}

Deno.test("as one shot: connect, add, status, now, disconnect", () =>
  within(async (data, server) => {
    await command(["note", "add", "before", "--data", data]);
    const { report } = await connect(data, server, "--name", "Desk");
    assert(report.phase === "current" && report.devices[0]!.name === "Desk", report.phase);
    assertEquals(await bodies(server), ["before"]);
    // What a command writes leaves with it.
    await command(["note", "add", "after", "--data", data]);
    assertEquals(await bodies(server), ["before", "after"]);
    const now = await mirror(["now"], { data });
    assertEquals([now.code, now.report.phase], [0, "current"]);
    const status = await mirror(["status"], { data });
    assertEquals([status.code, status.report.phase], [0, "current"]);
    const off = await mirror(["disconnect"], { data });
    assertEquals([off.code, off.report.phase], [0, "off"]);
    assertEquals((await mirror(["now"], { data })).error, "MIRROR_NOT_CONNECTED");
    await command(["note", "add", "alone", "--data", data]);
    assertEquals(await bodies(server), ["before", "after"]);
  }));

Deno.test("against a running instance: what is written here is there, and the other way round", () =>
  within(async (data, server) => {
    await using one = await Erth.start({ data });
    await connect(data, server, "--name", "One");
    const folder = await Deno.makeTempDir();
    await using two = await Erth.start({ data: folder });
    await connect(folder, server, "--name", "Two");
    await one.json("notes", { title: "From one" });
    await two.json("notes", { title: "From two" });
    for (const erth of [one, two]) {
      await poll(async () => (await allNotes(erth)).length === 2);
    }
    assertEquals((await mirror(["now"], { data })).code, 0);
    const { devices } = (await mirror(["status"], { data: folder })).report as {
      devices: unknown[];
    };
    assertEquals(devices.length, 2);
    const forgotten = await mirror(["forget", "One"], { data: folder });
    assertEquals(forgotten.code, 0);
    assertEquals((await mirror(["forget", "One"], { data: folder })).error, "NOT_FOUND");
    await two.stop();
    await Deno.remove(folder, { recursive: true });
  }));

Deno.test("what can't be connected to says why, and nothing is kept", () =>
  within(async (data, server) => {
    const { expired, forged, valid } = server.tokens;
    const tries: [string[], string | undefined, number, string][] = [
      [[server.url, "--token-stdin"], expired, 9, "MIRROR_AUTH"],
      [[server.url, "--token-stdin"], forged, 9, "MIRROR_AUTH"],
      [[server.url], undefined, 9, "MIRROR_AUTH"],
      [["http://192.0.2.1:8080", "--token-stdin"], valid, 2, "MIRROR_URL"],
      [["ws://127.0.0.1:8080"], undefined, 2, "MIRROR_URL"],
      [["http://127.0.0.1:9"], undefined, 9, "MIRROR_OFFLINE"],
      [[], undefined, 2, "USAGE"],
    ];
    for (const [words, stdin, exit, code] of tries) {
      const failed = await mirror(["connect", ...words], { data, stdin });
      assertEquals([failed.code, failed.error], [exit, code], words.join(" "));
    }
    const names = [...Deno.readDirSync(data)].map(({ name }) => name);
    assert(!names.includes("mirror.json"), names.join());
    assertEquals((await mirror(["status"], { data })).report.phase, "off");
  }));

Deno.test("no other site and nobody without a key may connect it", () =>
  within(async (data, server) => {
    await using erth = await Erth.start({ data });
    const address = new URL("shell/mirror/connect", erth.url);
    const body = new URLSearchParams({ url: server.url, token: server.tokens.valid });
    const bearer = { authorization: `Bearer ${erth.token}` };
    const tries: [number, RequestInit][] = [
      [401, { method: "POST", body }],
      [403, { method: "POST", body, headers: { ...bearer, origin: "https://evil.example" } }],
      [403, { method: "POST", body, headers: { ...bearer, "sec-fetch-site": "cross-site" } }],
      [405, { method: "GET", headers: bearer }],
      [413, { method: "POST", body: "x".repeat(70_000), headers: bearer }],
    ];
    for (const [status, init] of tries) {
      const response = await fetch(address, init);
      await response.body?.cancel();
      assertEquals(response.status, status);
    }
    assertEquals((await erth.report()).mirror.phase, "off");
  }));

Deno.test("another program's database is refused", () =>
  within(async (data, server) => {
    await server.execute("CREATE TABLE invoices (id INTEGER PRIMARY KEY)");
    const stdin = server.tokens.valid;
    const failed = await mirror(["connect", server.url, "--token-stdin"], { data, stdin });
    assertEquals([failed.code, failed.error], [9, "MIRROR_FOREIGN"]);
  }));

Deno.test("two sides with data are merged only with --merge", () =>
  within(async (data, server) => {
    await command(["note", "add", "one", "--data", data]);
    await connect(data, server);
    const other = await Deno.makeTempDir();
    await command(["note", "add", "two", "--data", other]);
    const stdin = server.tokens.valid;
    const wish = ["connect", server.url, "--token-stdin"];
    const asked = await mirror(wish, { data: other, stdin });
    assertEquals([asked.code, asked.error], [9, "MIRROR_MERGE"]);
    assertEquals((await mirror(["status"], { data: other })).report.phase, "off");
    await connect(other, server, "--merge");
    assertEquals((await bodies(server)).toSorted(), ["one", "two"]);
    await mirror(["now"], { data });
    const { stdout } = await command(["note", "list", "--json", "--data", data]);
    assertEquals(JSON.parse(stdout).total, 2);
    // The yes counts once.
    assertEquals(Object.keys(JSON.parse(await Deno.readTextFile(join(other, "mirror.json")))), [
      "url",
      "token",
      "deviceName",
    ]);
    await Deno.remove(other, { recursive: true });
  }));

Deno.test("address and token may come from the environment, but connect nothing by themselves", () =>
  within(async (data, server) => {
    const env = { TURSO_DATABASE_URL: server.url, TURSO_AUTH_TOKEN: server.tokens.valid };
    assertEquals((await mirror(["status"], { data, env })).report.phase, "off");
    // Typed, another address doesn't get the token that isn't for it.
    const elsewhere = await mirror(["connect", "http://localhost:9"], { data, env });
    assertEquals(elsewhere.error, "MIRROR_OFFLINE");
    const done = await mirror(["connect"], { data, env });
    assertEquals([done.code, done.report.phase], [0, "current"]);
  }));

Deno.test("offline is a state: everything goes on, and now says so with its exit code", () =>
  within(async (data, server) => {
    await using erth = await Erth.start({ data });
    await connect(data, server);
    await server.stop();
    await erth.json("notes", { title: "Written offline" });
    const now = await mirror(["now"], { data });
    assertEquals([now.code, now.error], [9, "MIRROR_OFFLINE"]);
    const { code, report } = await mirror(["status"], { data });
    assert(report.phase === "offline" && report.pending === 1, report.phase);
    assertEquals([code, (await erth.report()).mirror.phase], [0, "offline"]);
    const { stdout } = await command(["mirror", "status", "--data", data], { env: NO_SCREEN });
    assert(/^Saved here\. Not yet on 127\.0\.0\.1:\d+: offline since \d\d:\d\d\.$/m.test(stdout));
    await server.restart();
    const again = await mirror(["now"], { data });
    assertEquals(again.code, 0, again.out);
    assertEquals((await server.execute("SELECT title FROM notes"))[0]!.title, "Written offline");
    // A line when it went offline, a line when it went on: not one for each attempt.
    const log = join(data, "logs", "erth.log");
    const lines = (event: string) =>
      Deno.readTextFileSync(log).split("\n").filter((line) => line.includes(` ${event} `)).length;
    await poll(() => lines("mirror.goes_on") === 1);
    assertEquals(lines("mirror.offline"), 1);
  }));

Deno.test("the end of Erth takes along what was just written", () =>
  within(async (data, server) => {
    const erth = await Erth.start({ data });
    await connect(data, server);
    await erth.json("notes", { title: "a", body: "The last word" });
    assertEquals(await erth.stop(), 0);
    assertEquals(await bodies(server), ["The last word"]);
  }));

Deno.test("an end while the remote is gone doesn't wait for it", () =>
  within(async (data, server) => {
    const erth = await Erth.start({ data });
    await connect(data, server);
    await server.stop();
    await erth.json("notes", { title: "a" });
    await poll(async () => (await erth.report()).mirror.phase === "offline");
    const ended = erth.stop();
    assertEquals(await deadline(ended, 10_000), 0);
  }));

Deno.test("the token is in mirror.json, and nowhere else", () =>
  within(async (data, server) => {
    await using erth = await Erth.start({ data, args: ["--verbose"] });
    const { valid } = server.tokens;
    const { out } = await connect(data, server);
    await erth.json("notes", { title: "a" });
    await mirror(["now"], { data });
    const forged = { data, stdin: server.tokens.forged };
    assertEquals((await mirror(["connect", server.url, "--token-stdin"], forged)).code, 9);
    const pids = [erth.pid, await erth.sidecar()];
    const seen: [string, string][] = [
      ["what connect printed", out],
      ["the status", JSON.stringify(await erth.report())],
      ["the report", await (await erth.fetch("mirror")).text()],
      ...pids.flatMap((pid): [string, string][] =>
        ["cmdline", "environ"].map((name) => [name, Deno.readTextFileSync(`/proc/${pid}/${name}`)])
      ),
    ];
    const screen = await erth.fetch("mirror", { headers: { accept: "text/html" } });
    seen.push(["the screen", await screen.text()]);
    for (const path of filesOf(data)) {
      if (path !== "mirror.json") seen.push([path, latin(join(data, path))]);
    }
    // The payload of a token is as good as the token's name; its signature is the secret.
    const secrets = [valid, server.tokens.forged].map((token) => token.split(".").at(-1)!);
    for (const [place, text] of seen) {
      for (const secret of secrets) assert(!text.includes(secret), `The token is in ${place}`);
    }
    const file = join(data, "mirror.json");
    assert((await Deno.readTextFile(file)).includes(valid));
    assertEquals((await Deno.stat(file)).mode! & 0o777, 0o600);
    await mirror(["disconnect"], { data });
    assert(filesOf(data).every((path) => !latin(join(data, path)).includes(secrets[0]!)));
  }));

function filesOf(folder: string, below = ""): string[] {
  return [...Deno.readDirSync(join(folder, below))].flatMap(({ name, isDirectory, isFile }) => {
    const path = join(below, name);
    // What is unpacked is as it was built.
    if (isDirectory) return path === "cache" ? [] : filesOf(folder, path);
    return isFile ? [path] : [];
  });
}

/** A file's bytes as letters, whatever they mean. */
function latin(path: string): string {
  return new TextDecoder("latin1").decode(Deno.readFileSync(path));
}
