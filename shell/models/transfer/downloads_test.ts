import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { ErthError } from "../../../errors.ts";
import { LineLog } from "../../../log.ts";
import { ggufLike, type Misdeeds, ModelServer } from "../../../tests/fixtures/model_server.ts";
import { systemClock } from "../../process/clock.ts";
import { Downloads } from "./downloads.ts";
import { Reach } from "../endpoints/reach.ts";

const SIZE = 300_000;
/** A clock for which a hundredth of the time passes. */
const HURRIED = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms: number, run: () => void) => systemClock.after(ms / 100, run),
};

interface Place {
  folder: string;
  server: ModelServer;
  downloads: Downloads;
  reach: Reach;
  /** Another start with the same folder. */
  again: () => Downloads;
}

/** Runs a test with a server, and checks that nothing is left over where nothing should be. */
async function within(misdeeds: Misdeeds, run: (place: Place) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  await using server = new ModelServer(ggufLike(SIZE));
  server.misdeeds = misdeeds;
  const reach = new Reach();
  const again = () =>
    new Downloads({
      folder,
      reach,
      clock: HURRIED,
      random: () => 0.5,
      log: new LineLog(() => {}),
      onChange: () => {},
      onModel: (path) => Promise.resolve(`local/${path.slice(folder.length + 1)}`),
    });
  try {
    await run({ folder, server, downloads: again(), reach, again });
  } finally {
    reach.close();
    await Deno.remove(folder, { recursive: true });
  }
}

async function arrived({ folder, server }: Place, name = "small.gguf"): Promise<void> {
  assertEquals(await Deno.readFile(join(folder, name)), server.file);
  assertEquals((await Deno.stat(join(folder, name))).mode! & 0o777, 0o600);
  const left = names(folder).filter((it) => it.includes(".part"));
  assertEquals(left, []);
}

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

/** Resolves once a download has come so far, or rests. */
async function reached(downloads: Downloads, phase: string, bytes = 0): Promise<void> {
  const fits = () => downloads.list().some((it) => it.phase === phase && it.done >= bytes);
  const end = Date.now() + 10_000;
  while (!fits()) {
    assert(Date.now() < end, JSON.stringify(downloads.list()));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

Deno.test("a file comes whole, with its checksum compared", () =>
  within({}, async (place) => {
    const { downloads, server } = place;
    const id = downloads.start(`${server.url()}?token=secret#sha256=${server.sha256}`);
    const finished = downloads.finished(id);
    assert(!JSON.stringify(downloads.list()).includes("secret"));
    assertEquals(await finished, "local/small.gguf");
    assertEquals(downloads.list(), []);
    await arrived(place);
  }));

Deno.test("what is cut goes on where it was, again and again", () =>
  within({ cuts: [50_000, 70_000, 20_000], pace: 2 }, async (place) => {
    const { downloads, server } = place;
    await downloads.finished(downloads.start(server.url(), server.sha256));
    await arrived(place);
    assertEquals(server.ranges[0], "");
    assert(server.ranges.slice(1).every((range) => /^bytes=\d+-$/.test(range)), `${server.ranges}`);
    assert(server.ranges.length >= 3, `${server.ranges}`);
  }));

Deno.test("a restart goes on with it, and only asks for the rest", () =>
  within({ pace: 5 }, async (place) => {
    const { downloads, folder, server, again } = place;
    downloads.start(server.url(), server.sha256);
    await reached(downloads, "running", 50_000);
    downloads.stop();
    await reached(downloads, "paused");
    assertEquals((await Deno.stat(join(folder, "small.gguf.part.json"))).mode! & 0o777, 0o600);
    const next = again();
    next.restore(false);
    assertEquals(next.list().map(({ phase }) => phase), ["paused"]);
    const { done, id } = next.list()[0]!;
    assert(done >= 50_000);
    next.resume(id);
    await next.finished(id);
    await arrived(place);
    assertEquals(server.ranges.at(-1), `bytes=${done}-`);
  }));

Deno.test("a file that changed meanwhile comes from its beginning", () =>
  within({ cuts: [100_000], statuses: [] }, async (place) => {
    const { downloads, server } = place;
    const id = downloads.start(server.url());
    await reached(downloads, "waiting");
    server.file = ggufLike(SIZE - 1000).map((byte, at) => at < 4 ? byte : byte ^ 1);
    await downloads.finished(id);
    await arrived(place);
  }));

Deno.test("without a sign of its version, and without ranges, it comes anew", async () => {
  for (const misdeeds of [{ nameless: true }, { whole: true }]) {
    await within({ ...misdeeds, cuts: [60_000] }, async (place) => {
      const { downloads, server } = place;
      await downloads.finished(downloads.start(server.url(), server.sha256));
      await arrived(place);
    });
  }
});

Deno.test("a server that is busy for a moment is asked again", () =>
  within({ statuses: [503, 429] }, async (place) => {
    await place.downloads.finished(place.downloads.start(place.server.url()));
    await arrived(place);
  }));

Deno.test("redirects are followed, but not to where nothing is encrypted", () =>
  within({}, async (place) => {
    const url = place.server.url().replace("/org/", "/elsewhere/org/");
    await place.downloads.finished(place.downloads.start(url));
    await arrived(place);
  }));

Deno.test("what fails says why, and keeps only what is of use", async () => {
  const cases: [Misdeeds, string, string, string][] = [
    [{ statuses: [404] }, "small.gguf", "", "MODEL_DOWNLOAD"],
    [{}, "small.gguf", "0".repeat(64), "MODEL_CHECKSUM"],
    [{}, "page.gguf", "", "MODEL_FILE"],
    [{ lies: 10_000 }, "small.gguf", "", "MODEL_DOWNLOAD"],
    [{ cuts: Array(50).fill(0) }, "small.gguf", "", "MODEL_DOWNLOAD"],
  ];
  for (const [misdeeds, name, sha256, code] of cases) {
    await within(misdeeds, async ({ downloads, folder, server }) => {
      const id = downloads.start(server.url(name), sha256);
      const error = await assertRejects(() => downloads.finished(id), ErthError);
      const [report] = downloads.list();
      assertEquals([error.code, report?.phase, report?.code], [code, "failed", code], error.detail);
      assert(!names(folder).includes(name), `${names(folder)}`);
      downloads.cancel(id);
      assertEquals(names(folder), []);
    });
  }
});

Deno.test("what came stays only if something can go on with it", async () => {
  for (const nameless of [true, false]) {
    await within({ nameless, cuts: [100_000], pace: 5 }, async (place) => {
      const { again, downloads, folder, server } = place;
      const id = downloads.start(server.url());
      await reached(downloads, "running", 20_000);
      server.misdeeds.statuses = [404];
      await assertRejects(() => downloads.finished(id), ErthError);
      const kept = ["small.gguf.part", "small.gguf.part.json"];
      assertEquals(names(folder), nameless ? kept.slice(1) : kept);
      assertEquals(downloads.list()[0]!.done > 0, !nameless);
      // So it is with what an end in the middle left.
      await Deno.writeFile(join(folder, "small.gguf.part"), ggufLike(50_000));
      const next = again();
      next.restore(false);
      assertEquals(names(folder), nameless ? kept.slice(1) : kept);
      assertEquals(next.list()[0]!.done, nameless ? 0 : 50_000);
    });
  }
});

Deno.test("after a wrong checksum another try begins anew", () =>
  within({}, async (place) => {
    const { downloads, server } = place;
    const right = server.file;
    const { sha256 } = server;
    server.file = ggufLike(SIZE).map((byte, at) => at < 4 ? byte : byte ^ 7);
    const id = downloads.start(server.url(), sha256);
    await assertRejects(() => downloads.finished(id), ErthError);
    server.file = right;
    downloads.resume(id);
    await downloads.finished(id);
    await arrived(place);
  }));

Deno.test("cancel ends it at once and leaves nothing", () =>
  within({ pace: 5 }, async ({ downloads, folder, server }) => {
    const id = downloads.start(server.url());
    await reached(downloads, "running", 20_000);
    const finished = downloads.finished(id);
    downloads.cancel(id);
    await assertRejects(() => finished, ErthError);
    assertEquals(downloads.list(), []);
    assertEquals(names(folder), []);
  }));

Deno.test("the same address twice is one download; another file of that name gets another", () =>
  within({ pace: 2 }, async (place) => {
    const { downloads, server, folder } = place;
    await Deno.writeTextFile(join(folder, "small.gguf"), "here before");
    const one = downloads.start(server.url());
    assertEquals(downloads.start(server.url()), one);
    const two = downloads.start(server.url().replace("/org/", "/other/"));
    await Promise.all([downloads.finished(one), downloads.finished(two)]);
    assertEquals(names(folder), ["small-2.gguf", "small-3.gguf", "small.gguf"]);
    assertEquals(await Deno.readTextFile(join(folder, "small.gguf")), "here before");
  }));

Deno.test("what goes wrong tells no secret of the address", () =>
  within({ statuses: [] }, async ({ downloads, server }) => {
    const url = `${server.url().replace(/:\d+\//, ":1/")}?token=secret`;
    const id = downloads.start(url);
    const error = await assertRejects(() => downloads.finished(id), ErthError);
    assert(!JSON.stringify([error.detail, downloads.list()]).includes("secret"), error.detail);
  }));

Deno.test("what was kept leads to no file but its own", () =>
  within({}, async ({ downloads, folder, server }) => {
    const kept = { url: server.url(), name: "../out.gguf", sha256: "", validator: "" };
    await Deno.writeTextFile(join(folder, "small.gguf.part.json"), JSON.stringify(kept));
    downloads.restore(false);
    assertEquals(downloads.list(), []);
  }));

Deno.test("what isn't an address is refused", () =>
  within({}, ({ downloads, folder }) => {
    for (const url of ["", "ftp://example.org/x.gguf", "https://", "file:///etc/passwd"]) {
      assertThrows(() => downloads.start(url), ErthError);
    }
    assertThrows(() => downloads.start("https://example.org/x.gguf", "abc"), ErthError);
    assertEquals(names(folder), []);
    return Promise.resolve();
  }));
