import { assertEquals, assertRejects } from "@std/assert";
import { ErthError } from "../../errors.ts";
import { Site } from "./site.ts";

async function withSite(run: (site: Site) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(`${folder}/assets`);
  await Deno.writeTextFile(
    `${folder}/index.html`,
    `<html data-measured="{{measured}}" data-news="{{news}}"><base href="{{base}}"><div hx-get="{{route}}">`,
  );
  await Deno.writeTextFile(`${folder}/assets/app.css`, "body {}");
  try {
    await run(new Site({ folder, prefix: "/p/", measured: false }));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function ask(headers: Record<string, string> = {}): Request {
  return new Request("http://127.0.0.1:4000/p/assets/app.css", { headers });
}

Deno.test("the frame carries base and route, escaped", () =>
  withSite((site) => {
    assertEquals(
      site.frame('notes?q="><script>', 7),
      `<html data-measured="false" data-news="7"><base href="/p/"><div hx-get="notes?q=&quot;&gt;&lt;script&gt;">`,
    );
    return Promise.resolve();
  }));

Deno.test("an asset comes with type and ETag, and only once", () =>
  withSite(async (site) => {
    const first = await site.asset(ask(), "app.css");
    assertEquals(await first.text(), "body {}");
    assertEquals(first.headers.get("content-type"), "text/css; charset=UTF-8");
    const etag = first.headers.get("etag") ?? "";
    const again = await site.asset(ask({ "if-none-match": etag }), "app.css");
    assertEquals([again.status, await again.text()], [304, ""]);
    const other = await site.asset(ask({ "if-none-match": '"other"' }), "app.css");
    assertEquals(other.status, 200);
  }));

Deno.test("nothing outside assets is served", () =>
  withSite(async (site) => {
    for (const name of ["../index.html", "..", "", "a/b", ".hidden", "none.css", "%2e%2e"]) {
      const error = await assertRejects(() => site.asset(ask(), name), ErthError);
      assertEquals(error.code, "NOT_FOUND");
    }
  }));
