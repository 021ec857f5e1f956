import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { ErthError } from "../../errors.ts";
import { LineLog } from "../../log.ts";
import { poll } from "../../tests/harness.ts";
import { proof } from "../process/token.ts";
import { publishCard, readCard, type Running } from "./card.ts";
import { isBelow } from "./proof.ts";
import { Instance } from "./instance.ts";

const LOG = new LineLog(() => {});

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Somebody at the address of a card, who answers as an instance with this secret does. */
function answering(secret: string) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    return new Response(proof(secret, new URL(request.url).searchParams.get("nonce") ?? ""));
  });
  const running: Running = {
    url: `http://127.0.0.1:${server.addr.port}/prefix/`,
    token: "id.secret",
    pid: 1,
    version: "0",
    kind: "serve",
  };
  return { running, [Symbol.asyncDispose]: () => server.shutdown() };
}

async function claim(data: string): Promise<Instance> {
  const claim = await Instance.claim(data);
  if (claim.state !== "mine") throw new Error(`It is ${claim.state}`);
  return claim.instance;
}

Deno.test("a data folder has one owner at a time", () =>
  inFolder(async (folder) => {
    const data = `${folder}/data`;
    await using self = answering("id.secret");
    {
      await using _ = await claim(data);
      publishCard(data, self.running, LOG);
      assertEquals(await Instance.claim(data), { state: "running", running: self.running });
      assertEquals(await Instance.find(data), self.running);
    }
    await using _ = await claim(data);
  }));

Deno.test("that a folder is taken is known at once", () =>
  inFolder(async (folder) => {
    await using _ = await claim(folder);
    const began = performance.now();
    assertEquals(await Instance.claim(folder), { state: "busy" });
    const took = performance.now() - began;
    assert(took < 100, `Took ${took} ms`);
  }));

Deno.test("the card is for its owner's eyes and goes with the instance", () =>
  inFolder(async (folder) => {
    await using self = answering("id.secret");
    {
      await using _ = await claim(folder);
      assertEquals(await Instance.find(folder), undefined);
      publishCard(folder, self.running, LOG);
      const { mode } = await Deno.stat(join(folder, "instance.json"));
      assertEquals((mode ?? 0) & 0o777, 0o600);
    }
    assertEquals(await readCard(folder), undefined);
  }));

Deno.test("a card isn't believed without the lock: its owner was killed", () =>
  inFolder(async (folder) => {
    await using stranger = answering("id.secret");
    publishCard(folder, stranger.running, LOG);
    assertEquals(await Instance.find(folder), undefined);
    assertEquals(await readCard(folder), undefined);
    publishCard(folder, stranger.running, LOG);
    await using _ = await claim(folder);
    assertEquals(await readCard(folder), undefined);
  }));

Deno.test("a card isn't believed without a proof: somebody else listens there", () =>
  inFolder(async (folder) => {
    await using _ = await claim(folder);
    await using stranger = answering("another secret");
    publishCard(folder, stranger.running, LOG);
    assertEquals(await Instance.claim(folder), { state: "busy" });
    assertEquals(await Instance.find(folder), undefined);
  }));

Deno.test("a card that names another place than this computer is none", () =>
  inFolder(async (folder) => {
    await using self = answering("id.secret");
    for (const url of ["file:///etc/", "http://example.org/p/", "http://127.0.0.1:1/", "", 7]) {
      publishCard(folder, { ...self.running, url: url as string }, LOG);
      assertEquals(await readCard(folder), undefined, String(url));
    }
    await Deno.writeTextFile(join(folder, "instance.json"), "{");
    assertEquals(await readCard(folder), undefined);
  }));

Deno.test("an address that was handed over counts only below the card's own", async () => {
  await using self = answering("id.secret");
  const { running } = self;
  assert(isBelow(running, `${running.url}launch?code=1`));
  const { port } = new URL(running.url);
  const others = [
    "file:///etc/passwd",
    `http://127.0.0.1:${port}/other/`,
    `http://127.0.0.1:${port}/prefix/../other/`,
    `http://someone@127.0.0.1:${port}/prefix/launch`,
    `http://127.0.0.1:${Number(port) - 1}/prefix/`,
    "https://example.org/prefix/",
    "not an address",
  ];
  for (const address of others) assert(!isBelow(running, address), address);
});

Deno.test("an owner that doesn't tell its address is waited for, with an end", () =>
  inFolder(async (folder) => {
    const first = await claim(folder);
    const error = await assertRejects(() => Instance.claimOrFind(folder, 0), ErthError);
    assertEquals(error.code, "DATA_IN_USE");
    const waiting = Instance.claimOrFind(folder);
    await first[Symbol.asyncDispose]();
    await (await waiting as Instance)[Symbol.asyncDispose]();
  }));

Deno.test("a process that is killed lets go of the folder", () =>
  inFolder(async (folder) => {
    const module = new URL("./instance.ts", import.meta.url);
    const script = `import { Instance } from "${module}";
      const { state } = await Instance.claim("${folder}");
      if (state !== "mine") throw new Error(state);
      // A child that inherited the lock would hold it.
      new Deno.Command("sleep", { args: ["60"] }).spawn();
      console.log("had");
      setInterval(() => {}, 1000);`;
    const owner = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-check",
        "--config",
        "deno.json",
        `data:text/javascript,${encodeURIComponent(script)}`,
      ],
      stdout: "piped",
    }).spawn();
    const reader = owner.stdout.getReader();
    await reader.read();
    const [child] = (await new Deno.Command("pgrep", { args: ["-P", String(owner.pid)] }).output())
      .stdout;
    assert(child !== undefined);
    assertEquals((await Instance.claim(folder)).state, "busy");
    owner.kill("SIGKILL");
    await owner.status;
    await reader.cancel();
    await using _ = await poll(async () => {
      const claim = await Instance.claim(folder);
      return claim.state === "mine" && claim.instance;
    }, 1_000);
  }));

Deno.test("a folder that can't be made is unwritable", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const data = `${folder}/file/data`;
    const claim = await Instance.claim(data);
    assertEquals(claim.state === "unwritable" && claim.error.code, "STORE_READ_ONLY");
    const error = await assertRejects(() => Instance.claimOrFind(data), ErthError);
    assertEquals(error.code, "STORE_READ_ONLY");
  }));
