import { assert, assertEquals, assertRejects } from "@std/assert";
import { type ErrorCode, ErthError } from "../../errors.ts";
import { LineLog } from "../../log.ts";
import { FakeClock, settle } from "../../tests/fixtures/fake_clock.ts";
import { FakeMirror, found } from "../../tests/fixtures/fake_mirror.ts";
import { ConnectionFile } from "./connection_file.ts";
import type { Change } from "../gateway/events.ts";
import { MirrorKeeper } from "./keeper.ts";
import type { MirrorReport } from "./report.ts";

const WISH = { url: "libsql://a.example", token: "s3cret-token", deviceName: "desk" };

/** A keeper on a folder of its own, with what it told pages and log. */
class Bench {
  readonly clock = new FakeClock();
  readonly published: Change[] = [];
  readonly lines: string[] = [];
  readonly keeper: MirrorKeeper;
  readonly file: ConnectionFile;

  constructor(readonly data: string, lazy = false) {
    this.file = new ConnectionFile(data);
    this.keeper = new MirrorKeeper({
      file: this.file,
      spawn: () => new FakeMirror(),
      place: () => Promise.resolve({ database: "/d/local_edge.db", synchronous: "NORMAL" }),
      version: "1.2.3",
      deviceName: "host",
      lazy,
      publish: (change) => this.published.push(change),
      log: new LineLog((line) => this.lines.push(line.slice(31))),
      clock: this.clock,
      random: () => 0,
    });
  }

  /** The thread that mirrors now. */
  get thread(): FakeMirror {
    return FakeMirror.started.at(-1)!;
  }

  get phase(): MirrorReport["phase"] {
    return this.keeper.report().phase;
  }

  /** Connects, and is up to date. */
  async connected(): Promise<FakeMirror> {
    this.keeper.storeIsReady();
    await this.keeper.connect(WISH);
    this.thread.state({ phase: "current" });
    await this.clock.advance(5_000);
    this.published.length = this.lines.length = 0;
    return this.thread;
  }
}

function test(name: string, run: (bench: Bench) => Promise<void>, lazy = false): void {
  Deno.test(`mirror: ${name}`, async () => {
    FakeMirror.reset();
    const data = await Deno.makeTempDir();
    await run(new Bench(data, lazy));
    await Deno.remove(data, { recursive: true });
  });
}

async function refused(work: Promise<unknown>, code: ErrorCode): Promise<ErthError> {
  const error = await assertRejects(() => work, ErthError);
  assertEquals(error.code, code);
  return error;
}

test("without a connection no thread is ever started", async ({ keeper }) => {
  keeper.storeIsReady();
  keeper.committed();
  keeper.front(true);
  await settle();
  assertEquals(FakeMirror.all, []);
  assertEquals(keeper.report(), { phase: "off", deviceName: "host" });
  for (const work of [keeper.now(), keeper.disconnect(), keeper.forget("x"), keeper.agree()]) {
    await refused(work, "MIRROR_NOT_CONNECTED");
  }
  await keeper.stop(1);
});

test("connecting looks first, then keeps the connection and starts", async (bench) => {
  const { keeper, file } = bench;
  keeper.storeIsReady();
  await keeper.connect({ ...WISH, deviceName: undefined });
  const [looked, mirrors] = FakeMirror.all;
  assertEquals([looked!.told, looked!.terminated], [["probe", "stop"], true]);
  assertEquals(mirrors!.orders, [{
    order: "start",
    options: {
      ...WISH,
      deviceName: "host",
      database: "/d/local_edge.db",
      synchronous: "NORMAL",
      version: "1.2.3",
      merge: true,
    },
  }]);
  assertEquals(file.read(), { ...WISH, deviceName: "host", merge: true });
  mirrors!.state({ phase: "current" });
  await settle();
  assertEquals(file.read(), { ...WISH, deviceName: "host" });
  assertEquals(bench.phase, "current");
  assert(!JSON.stringify(keeper.report()).includes(WISH.token));
  assert(!bench.lines.join().includes(WISH.token), bench.lines.join());
});

test("a start goes on with what was kept, after the store is ready", async ({ data }) => {
  new ConnectionFile(data).write(WISH);
  const bench = new Bench(data);
  bench.keeper.front(true);
  await settle();
  assertEquals([FakeMirror.all.length, bench.phase], [0, "connecting"]);
  bench.keeper.storeIsReady();
  bench.keeper.storeIsReady();
  await settle();
  assertEquals(FakeMirror.all.length, 1);
  bench.keeper.committed();
  bench.keeper.front(true);
  bench.keeper.front(false);
  await settle();
  assertEquals(bench.thread.told, ["start", "front", "committed", "front"]);
  const stopped = bench.keeper.stop(1_000);
  await settle();
  // What was just written is still sent.
  assertEquals(bench.thread.told.at(-1), "now");
  bench.thread.answer();
  await stopped;
  assertEquals([bench.thread.told.at(-1), bench.thread.terminated], ["stop", true]);
});

test("a command that ends in a moment starts it at the first commit", async ({ data }) => {
  new ConnectionFile(data).write(WISH);
  const { keeper } = new Bench(data, true);
  keeper.storeIsReady();
  await settle();
  assertEquals(FakeMirror.all, []);
  keeper.committed();
  await settle();
  assertEquals(FakeMirror.started.length, 1);
});

test("what a remote says no to isn't kept", async ({ data, keeper }) => {
  keeper.storeIsReady();
  FakeMirror.probe = "MIRROR_AUTH";
  const error = await refused(keeper.connect(WISH), "MIRROR_AUTH");
  assertEquals(error.detail, "No: …");
  FakeMirror.probe = { ...found(0, 0), remote: "foreign" };
  await refused(keeper.connect(WISH), "MIRROR_FOREIGN");
  await refused(keeper.connect({ ...WISH, url: "http://a.example" }), "MIRROR_URL");
  assertEquals([...Deno.readDirSync(data)], []);
  assertEquals(keeper.report().phase, "off");
});

test("two sides with data are merged only after a yes", async ({ clock, file, keeper }) => {
  keeper.storeIsReady();
  FakeMirror.probe = found(5, 7);
  await refused(keeper.connect(WISH), "MIRROR_MERGE");
  const asking = { url: WISH.url, deviceName: "desk", localRows: 5, remoteRows: 7 };
  assertEquals(keeper.report().asking, { ...asking, devices: ["Laptop"] });
  assertEquals([file.read(), FakeMirror.started.length], [undefined, 0]);
  keeper.decline();
  await refused(keeper.agree(), "MIRROR_NOT_CONNECTED");
  await refused(keeper.connect(WISH), "MIRROR_MERGE");
  await clock.advance(11 * 60_000);
  assertEquals(keeper.report().asking, undefined);
  await refused(keeper.agree(), "MIRROR_NOT_CONNECTED");
  await refused(keeper.connect(WISH), "MIRROR_MERGE");
  await keeper.agree();
  assertEquals(file.read(), { ...WISH, merge: true });
  assertEquals(keeper.report().asking, undefined);
});

test("a fresh token for the same remote needs no question, another remote does", async (bench) => {
  const { keeper, file } = bench;
  const first = await bench.connected();
  FakeMirror.probe = found(5, 7);
  await keeper.connect({ url: WISH.url, token: "another-token" });
  assertEquals(first.told.at(-1), "stop");
  assertEquals(file.read(), { ...WISH, token: "another-token" });
  bench.thread.state({ phase: "stopped", error: { code: "MIRROR_REMOTE_SWAPPED", detail: "" } });
  await settle();
  await refused(keeper.connect({ url: WISH.url }), "MIRROR_MERGE");
  await refused(keeper.connect({ url: "libsql://b.example", token: "x" }), "MIRROR_MERGE");
  // The one before goes on meanwhile.
  assertEquals([bench.phase, FakeMirror.started.length], ["stopped", 2]);
  await keeper.connect({ url: WISH.url, merge: true });
  assertEquals(file.read()!.token, "another-token");
});

test("disconnecting ends the thread and forgets the token", async (bench) => {
  const thread = await bench.connected();
  await bench.keeper.disconnect();
  assertEquals([thread.told.at(-1), thread.terminated], ["stop", true]);
  assertEquals([[...Deno.readDirSync(bench.data)], bench.phase], [[], "off"]);
});

test("a thread that dies is followed by another, later each time", async (bench) => {
  await bench.connected();
  for (const pause of [1_000, 2_000, 4_000]) {
    const count = FakeMirror.started.length;
    const waits = bench.keeper.now();
    await settle();
    bench.thread.die(`Broken by ${WISH.token}`);
    await refused(waits, "INTERNAL");
    assertEquals(bench.phase, "connecting");
    await bench.clock.advance(pause - 1);
    assertEquals(FakeMirror.started.length, count);
    await bench.clock.advance(1);
    assertEquals(FakeMirror.started.length, count + 1);
  }
  bench.thread.say({ message: "stopped" });
  await settle();
  // Whoever asks needn't wait for the pause.
  const asked = bench.keeper.now();
  await settle();
  bench.thread.answer();
  await bench.clock.advance(400);
  await asked;
  assertEquals(bench.lines.filter((line) => line.startsWith("mirror.died")).length, 1);
  assert(!bench.lines.join().includes(WISH.token));
  const stopped = bench.keeper.stop(1_000);
  await bench.clock.advance(120_000);
  await stopped;
  assertEquals([FakeMirror.started.length, bench.clock.pending], [5, 0]);
});

test("a thread that hangs at the end is left behind in time", async (bench) => {
  const thread = await bench.connected();
  thread.postMessage = () => {};
  const stopped = bench.keeper.stop(2_000);
  await bench.clock.advance(2_000);
  await stopped;
  assert(thread.terminated);
});

test("now is done when everything is there, or says why not", async (bench) => {
  const { keeper } = bench;
  const thread = await bench.connected();
  const fine = keeper.now();
  await settle();
  thread.state({ phase: "behind" });
  thread.answer();
  await settle();
  // The answer is quicker than the state.
  thread.state({ phase: "current" });
  await fine;
  assertEquals(bench.phase, "current");
  const offline = keeper.now();
  await settle();
  thread.answer({ code: "MIRROR_OFFLINE", detail: "refused" });
  await refused(offline, "MIRROR_OFFLINE");
  const row = { table: "notes", id: "n1", direction: "push", reason: "", at: "" } as const;
  const aside = keeper.now();
  await settle();
  thread.state({ phase: "current", aside: [{ ...row, code: "MIRROR_ROW_TOO_LARGE" }] });
  thread.answer();
  await refused(aside, "MIRROR_ROW_TOO_LARGE");
});

test("a state that isn't told yet is waited for, not for ever", async (bench) => {
  await bench.connected();
  await bench.keeper.connect(WISH);
  const known = bench.keeper.settled(10_000);
  bench.thread.state({ phase: "offline" });
  await known;
  await bench.keeper.connect(WISH);
  const unknown = bench.keeper.settled(10_000);
  await bench.clock.advance(10_000);
  await unknown;
  assertEquals(bench.phase, "connecting");
});

test("a database that doesn't open is no reason to wait for ever", async ({ clock, keeper }) => {
  const refusal = refused(keeper.connect(WISH), "STORE_BUSY");
  await clock.advance(15_000);
  await refusal;
});
