import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { FakeClock } from "../../tests/fixtures/fake_clock.ts";
import { Launches } from "./launches.ts";

async function inFolder(
  run: (its: {
    clock: FakeClock;
    folder: string;
    launches: Launches;
    use: () => void;
    pages: () => string[];
  }) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const clock = new FakeClock();
  let use = () => {};
  const launches = new Launches({
    address: "http://127.0.0.1:4000/p/",
    folder,
    title: "Tom & Co",
    mint: (onUsed = () => {}) => {
      use = onUsed;
      return "secret";
    },
    clock,
  });
  const pages = () => [...Deno.readDirSync(folder)].map(({ name }) => name);
  await run({ clock, folder, launches, use: () => use(), pages });
  assertEquals([clock.pending, pages()], [0, []]);
  await Deno.remove(folder);
}

Deno.test("a page is ours alone, leads on, and goes when it was used", () =>
  inFolder(async ({ folder, launches, pages, use }) => {
    const { page, url } = launches.write();
    assertEquals(url, "http://127.0.0.1:4000/p/launch?code=secret");
    const [name = ""] = pages();
    assertEquals(page, join(folder, name));
    assert(!name.includes("secret"));
    if (Deno.build.os !== "windows") assertEquals(Deno.statSync(page).mode! & 0o777, 0o600);
    const text = await Deno.readTextFile(page);
    assert(text.includes(`content="0; url=${url}&amp;page"`), text);
    assert(text.includes("Open Tom &amp; Co"), text);
    const used = launches.isUsed(page, 10_000);
    use();
    assertEquals([await used, pages()], [true, []]);
    assert(await launches.isUsed(page, 10_000));
  }));

Deno.test("a page that nobody uses is told of in time, and goes when its code is too old", () =>
  inFolder(async ({ clock, launches, pages }) => {
    const { page } = launches.write();
    const used = launches.isUsed(page, 10_000);
    await clock.advance(10_000);
    assertEquals([await used, pages().length], [false, 1]);
    await clock.advance(10 * 60_000);
    assertEquals(pages(), []);
  }));

Deno.test("an end takes all pages along, also those of an instance that was killed", () =>
  inFolder(async ({ folder, launches }) => {
    launches.write();
    const left = join(folder, `launch-${crypto.randomUUID()}.html`);
    await Deno.writeTextFile(left, "");
    await Deno.writeTextFile(`${left}.new`, "");
    launches.close();
  }));
