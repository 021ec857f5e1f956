import { assertEquals, assertNotEquals } from "@std/assert";
import { join } from "node:path";
import { Erth, poll, ROOT } from "../harness.ts";
import { readDocsPage, type } from "./docs_page.ts";

const GUESTBOOK = join(ROOT, "dist", "guestbook");

/** Opens a launch link as a browser does; the cookie it is given. */
async function cookieOf(app: Erth): Promise<string> {
  const response = await fetch(await app.launchUrl(), { redirect: "manual" });
  await response.body?.cancel();
  assertEquals(response.status, 303);
  return response.headers.get("set-cookie")!.split(";")[0]!;
}

/** The status of a request with these cookies and nothing else. */
async function ask(app: Erth, path: string, ...cookies: string[]): Promise<number> {
  const headers = { cookie: cookies.join("; "), "sec-fetch-site": "same-origin" };
  const response = await fetch(new URL(path, app.url), { headers });
  await response.body?.cancel();
  return response.status;
}

Deno.test("Erth and another app run at once in one home and don't meet", async () => {
  await type((await readDocsPage()).commands[0]!);
  const home = await Deno.makeTempDir();
  try {
    await using erth = await Erth.start({ home });
    await using app = await Erth.start({ home, binary: GUESTBOOK });
    await erth.json("notes", { title: "Mine", body: "for me alone" });
    await app.json("book", { name: "Ada", words: "for all" });

    const within = (place: string) =>
      [...Deno.readDirSync(join(home, place))].map(({ name }) => name).toSorted();
    assertEquals(within("."), [".cache", ".local"]);
    for (const place of [".cache", ".local/share", ".local/state"]) {
      assertEquals(within(place), ["erth", "guestbook"], place);
    }

    const [mine, theirs] = [await cookieOf(erth), await cookieOf(app)];
    assertNotEquals(mine.split("=")[0], theirs.split("=")[0]);
    assertEquals(await ask(erth, "notes", mine, theirs), 200);
    assertEquals(await ask(app, "book", mine, theirs), 200);
    assertEquals(await ask(app, "book", mine), 401);
    assertEquals(await ask(erth, "notes", theirs), 401);

    const [kept, killed] = [await erth.sidecar(), await app.sidecar()];
    Deno.kill(killed, "SIGKILL");
    await app.sidecar(killed);
    assertEquals(await app.stop(), 0);
    assertEquals(await erth.sidecar(), kept);
    assertEquals((await erth.report()).sidecar.restarts, []);
    const { total } = await erth.json<{ total: number }>("notes");
    assertEquals(total, 1);

    await using again = await Erth.start({ home, binary: GUESTBOOK });
    await poll(async () => (await again.json<{ entries: unknown[] }>("book")).entries.length === 1);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
