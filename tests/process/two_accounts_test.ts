import { assert, assertEquals } from "@std/assert";
import { TextLineStream } from "@std/streams/text-line-stream";
import { join } from "node:path";
import { Erth, poll } from "../harness.ts";
import { asStranger, OpenFolder, stranger, strangerTest } from "./stranger.ts";

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
  const command = ["/usr/bin/python3", "-c", CROWD, port, "1001", "32"];
  const child = asStranger(command, { stdin: "piped", stdout: "piped" }).spawn();
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
