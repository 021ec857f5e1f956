import { assert, assertEquals, assertRejects } from "@std/assert";
import { TextLineStream } from "@std/streams/text-line-stream";
import { join } from "node:path";
import { Erth, erth as command, poll, StartError } from "../harness.ts";
import { asStranger, OpenFolder, STRANGER, stranger, strangerTest } from "./stranger.ts";

/** Opens connections and says nothing; prints how many, and how many of them it still has at last. */
const CROWD = `
import select, socket, sys
port, count, left = map(int, sys.argv[1:])
import resource
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
poll = select.poll()
crowd = {}
for _ in range(count):
    one = socket.create_connection(("127.0.0.1", port), timeout=10)
    crowd[one.fileno()] = one
    poll.register(one, select.POLLIN)
print(len(crowd), flush=True)
while len(crowd) > left:
    for number, _ in poll.poll():
        poll.unregister(number)
        crowd.pop(number).close()
print(len(crowd), flush=True)
sys.stdin.read()
`;

/** Asks for an address, and prints the answer's status. */
const ASK = `
import sys, urllib.request, urllib.error
try:
    print(urllib.request.urlopen(sys.argv[1]).status)
except urllib.error.HTTPError as error:
    print(error.code)
`;

strangerTest("a crowd of another account's connections ends nothing but itself", async () => {
  await using folder = await OpenFolder.make();
  const binary = await folder.frugal(1024);
  await using erth = await Erth.start({ binary });
  await erth.sidecar();
  const port = new URL(erth.url).port;
  const crowd = ["/usr/bin/python3", "-c", CROWD, port, "1001", "32"];
  const child = asStranger(crowd, { stdin: "piped", stdout: "piped" }).spawn();
  const said = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())
    .getReader();
  try {
    assertEquals((await said.read()).value, "1001");
    // On connections of our own, each of them new.
    for (let number = 0; number < 50; number++) {
      using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
      const headers = { authorization: `Bearer ${erth.token}` };
      const answer = await fetch(`${erth.url}status`, { client, headers });
      assertEquals(answer.status, 200);
      await answer.body?.cancel();
    }
    assertEquals((await said.read()).value, "32");
    await erth.json("notes", { title: "Still there" });
    const log = await Deno.readTextFile(join(erth.data, "logs", "erth.log"));
    assert(log.includes("connections.ended"), log);
  } finally {
    await child.stdin.close();
    await said.cancel();
    await child.status;
  }
});

strangerTest(
  "a launch code opens nothing for another account, and still works for ours",
  async () => {
    await using erth = await Erth.start();
    const url = await erth.launchUrl();
    assertEquals(await stranger(ASK, url), "401");
    const log = await poll(() => {
      const text = Deno.readTextFileSync(join(erth.data, "logs", "erth.log"));
      return text.includes("another account") && text;
    });
    assert(!log.includes(new URL(url).searchParams.get("code")!), "The code stands in the log");
    const ours = await fetch(url, { redirect: "manual" });
    await ours.body?.cancel();
    assert(ours.ok || ours.status === 303, `Status ${ours.status}`);
    assert(ours.headers.get("set-cookie")?.includes("SameSite=Strict"));
  },
);

/** A browser that notes its arguments, and what it was handed. */
const BROWSER = `#!/bin/sh
cat /proc/$$/cmdline | tr '\\0' '\\n' >"$SEEN/arguments"
page=$(python3 -c 'import sys, urllib.parse as p; print(p.unquote(p.urlparse(sys.argv[1]).path))' "$1")
stat -c %a "$page" >"$SEEN/mode"
cp "$page" "$SEEN/page"
setpriv --reuid=61234 --regid=61234 --clear-groups -- cat "$page" >"$SEEN/stolen" 2>/dev/null
echo done >"$SEEN/done"
`;

strangerTest(
  "a browser is started with a page of ours, and no account learns the code",
  async () => {
    await using folder = await OpenFolder.make();
    await using erth = await Erth.start();
    await Deno.writeTextFile(join(folder.path, "xdg-open"), BROWSER, { mode: 0o755 });
    const opening = command(["open", "--data", erth.data], {
      env: {
        PATH: `${folder.path}:${Deno.env.get("PATH")}`,
        DISPLAY: ":none",
        SEEN: folder.path,
      },
    });
    const seen = (name: string) => Deno.readTextFileSync(join(folder.path, name)).trim();
    await poll(() => seen("done") === "done");
    const [, url = ""] = /href="([^"]+)"/.exec(seen("page")) ?? [];
    const link = url.replaceAll("&amp;", "&");
    const code = new URL(link).searchParams.get("code") ?? "";
    assert(code.length > 30, seen("page"));
    assert(!seen("arguments").includes(code), seen("arguments"));
    assertEquals([seen("mode"), seen("stolen")], ["600", ""]);
    const pages = () => [...Deno.readDirSync(erth.data)].filter(({ name }) => /launch-/.test(name));
    assertEquals(pages().length, 1);
    // As after a page of another origin: no redirect, which would leave the cookie behind.
    const answer = await fetch(link, { redirect: "manual" });
    await answer.body?.cancel();
    assertEquals([answer.status, answer.headers.get("refresh")?.slice(0, 7)], [200, "0; url="]);
    assert(answer.headers.get("set-cookie")?.includes("SameSite=Strict"));
    const { code: exit, stdout } = await opening;
    assertEquals([exit, pages().length], [0, 0]);
    assert(!stdout.includes(code) && stdout.includes("is open in your browser"), stdout);
  },
);

strangerTest("a data folder beside the program that isn't ours alone is refused", async () => {
  await using folder = await OpenFolder.make();
  const program = await folder.program();
  const data = join(folder.path, "erth-data");
  const start = async () => {
    const { code, stdout } = await command(["note", "list", "--json"], { binary: program });
    return [code, JSON.parse(stdout).error?.code];
  };
  const refused = [5, "FOLDER_FOREIGN"];
  await Deno.mkdir(data, { mode: 0o777 });
  await Deno.chmod(data, 0o777);
  await Deno.chown(data, STRANGER, STRANGER);
  assertEquals(await start(), refused);
  assertEquals([...Deno.readDirSync(data)], []);
  // A link of theirs to a folder of ours.
  await Deno.remove(data);
  await Deno.mkdir(join(folder.path, "ours"), { mode: 0o700 });
  await Deno.symlink(join(folder.path, "ours"), data);
  await new Deno.Command("chown", { args: ["-h", String(STRANGER), data] }).output();
  assertEquals(await start(), refused);
  // Ours, but with something of theirs in it.
  await Deno.remove(data);
  await Deno.mkdir(data, { mode: 0o700 });
  await Deno.writeTextFile(join(data, "erth.lock"), "");
  await Deno.writeTextFile(join(data, "assistant.json"), "{}");
  await Deno.chown(join(data, "assistant.json"), STRANGER, STRANGER);
  assertEquals(await start(), refused);
  assertEquals((await command(["doctor", "--json"], { binary: program })).code, 5);
  assertEquals((await command(["help"], { binary: program })).code, 0);
  // Ours, and too open: closed, told of, and used.
  await Deno.chown(join(data, "assistant.json"), Deno.uid(), Deno.gid());
  await Deno.chmod(data, 0o777);
  const { code, stderr } = await command(["note", "list"], { binary: program });
  assertEquals(code, 0, stderr);
  assert(stderr.includes("was open to other accounts"), stderr);
  assertEquals((await Deno.stat(data)).mode! & 0o777, 0o700);
});

strangerTest("a cache that another account laid ready is refused", async () => {
  await using folder = await OpenFolder.make();
  const home = join(folder.path, "home");
  await Deno.mkdir(join(home, ".cache", "erth"), { recursive: true, mode: 0o700 });
  await Deno.chown(join(home, ".cache", "erth"), STRANGER, STRANGER);
  const error = await assertRejects(() => Erth.start({ home }), StartError);
  assertEquals([error.code, error.exit], ["FOLDER_FOREIGN", 5]);
});
