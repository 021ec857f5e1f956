import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ErthError } from "../../../errors.ts";
import { LineLog } from "../../../log.ts";
import { type Clock, systemClock } from "../../process/clock.ts";
import { readEndpoint } from "./target.ts";
import { Endpoints } from "./endpoints.ts";
import { Reach } from "./reach.ts";
import { AssistantFile } from "../settings/settings.ts";

type Handler = (request: Request) => Response | Promise<Response>;

interface Place {
  data: string;
  settings: AssistantFile;
  endpoints: Endpoints;
  url: string;
  lines: string[];
}

/** A clock for which a hundredth of the time passes: for servers that are too slow. */
const HURRIED: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms: number, run: () => void) => systemClock.after(ms / 100, run),
};

async function within(
  handler: Handler,
  run: (place: Place) => Promise<void>,
  clock = systemClock,
): Promise<void> {
  const data = await Deno.makeTempDir();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
  const reach = new Reach();
  const lines: string[] = [];
  const log = new LineLog((line) => lines.push(line));
  const settings = new AssistantFile(data);
  const onChange = () => {};
  const endpoints = new Endpoints({ settings, reach, clock, log, onChange });
  await run({ data, settings, endpoints, url: `http://127.0.0.1:${server.addr.port}/v1`, lines });
  reach.close();
  await server.shutdown();
  await Deno.remove(data, { recursive: true });
}

const listing: Handler = ({ headers, url }) => {
  if (headers.get("authorization") !== "Bearer sk-secret") return new Response("", { status: 401 });
  if (!url.endsWith("/v1/models")) return new Response("", { status: 404 });
  const data = [{ id: "org/m:8b", max_model_len: 4096 }, { id: "nomic-embed" }, { id: 7 }, null, {
    id: "x\x1b[2J",
  }];
  return Response.json({
    object: "list",
    data: [...data, { id: "b", meta: { n_ctx_train: 512 } }],
  });
};

Deno.test("an endpoint that answers is kept; its key shows nowhere", () =>
  within(listing, async ({ data, endpoints, lines, settings, url }) => {
    const id = await endpoints.add({ url, key: "sk-secret", title: "My server" });
    assertEquals(id, "my-server");
    const models = [{ name: "org/m:8b", context: 4096 }, { name: "b", context: 512 }];
    assertEquals(endpoints.report(), [
      { id, title: "My server", preset: "openai", url, hasKey: true, leaves: false, models },
    ]);
    settings.change((content) => content.models["my-server/b"] = { temperature: 0, system: "S" });
    const [first, second] = endpoints.models({ origin: "http://127.0.0.1:9", key: "relay" });
    assertEquals([first!.ref, first!.name, first!.url, first!.key, first!.context], [
      "my-server/org/m:8b",
      "org/m:8b",
      "http://127.0.0.1:9/my-server",
      "relay",
      4096,
    ]);
    assertEquals([second!.sampling, second!.system], [{ temperature: 0 }, "S"]);
    const shown = JSON.stringify([endpoints.report(), endpoints.models(undefined), lines]);
    assert(!shown.includes("sk-secret"), shown);
    assert(Deno.readTextFileSync(`${data}/assistant.json`).includes("sk-secret"));
    // Given again without the key it keeps the one that it has.
    assertEquals(await endpoints.add({ url }), id);
    assertEquals(settings.content.endpoints.map(({ key }) => key), ["sk-secret"]);
    endpoints.remove(id);
    assert(!Deno.readTextFileSync(`${data}/assistant.json`).includes("sk-secret"));
    assertEquals(settings.content.models, {});
    assertThrows(() => endpoints.remove(id), ErthError);
  }));

Deno.test("what is wrong is told apart, and nothing is kept", async () => {
  const cases: [string, Handler][] = [
    ["ENDPOINT_AUTH", () => new Response("", { status: 403 })],
    ["ENDPOINT_FOREIGN", () => new Response("<!doctype html>")],
    ["ENDPOINT_FOREIGN", () => new Response("", { status: 404 })],
    ["ENDPOINT_FOREIGN", () => Response.json({ data: "none" })],
    ["ENDPOINT_FOREIGN", () => Response.redirect("https://elsewhere.example/v1/models")],
    ["ENDPOINT_BUSY", () => new Response("", { status: 429 })],
    [
      "ENDPOINT_SLOW",
      ({ signal }) =>
        new Promise((resolve) => signal.addEventListener("abort", () => resolve(new Response()))),
    ],
    ["ENDPOINT_FOREIGN", () => {
      const chunk = new Uint8Array(65536).fill(32);
      return new Response(new ReadableStream({ pull: (it) => it.enqueue(chunk) }));
    }],
  ];
  for (const [code, handler] of cases) {
    await within(handler, async ({ endpoints, url }) => {
      const error = await assertRejects(() => endpoints.add({ url }), ErthError);
      assertEquals(error.code, code, error.detail);
      assertEquals(endpoints.report(), []);
    }, code === "ENDPOINT_SLOW" ? HURRIED : systemClock);
  }
  await within(listing, async ({ endpoints }) => {
    const error = await assertRejects(
      () => endpoints.add({ url: "http://127.0.0.1:9/v1" }),
      ErthError,
    );
    assertEquals([error.code, error.detail], [
      "ENDPOINT_UNREACHABLE",
      "Nothing listens at 127.0.0.1:9",
    ]);
  });
});

Deno.test("of a server that lists no models the named one is asked for", () =>
  within(() => new Response("", { status: 404 }), async ({ endpoints, url }) => {
    const id = await endpoints.add({ url, title: "S", model: "its-model" });
    await endpoints.refresh(true);
    assertEquals(endpoints.models(undefined).map(({ ref }) => ref), [`${id}/its-model`]);
    assertEquals(endpoints.report()[0]!.code, undefined);
  }));

Deno.test("one that stops answering is shown so, and recovers", async () => {
  let up = true;
  let status = 500;
  const handler: Handler = () =>
    up ? Response.json({ data: [{ id: "m" }] }) : new Response("", { status });
  await within(handler, async ({ endpoints, settings, url }) => {
    await endpoints.add({ url, title: "S" });
    up = false;
    await endpoints.refresh(true);
    assertEquals(endpoints.report()[0]!.code, "ENDPOINT_SLOW");
    assertEquals(endpoints.report()[0]!.models, [{ name: "m" }]);
    await assertRejects(() => endpoints.check(settings.content.endpoints[0]!), ErthError);
    // One that has enough to do answers all the same: nothing under way is given up for it.
    status = 429;
    await endpoints.check(settings.content.endpoints[0]!);
    up = true;
    await endpoints.refresh(true);
    assertEquals(endpoints.report()[0]!.code, undefined);
  });
});

Deno.test("addresses are taken as people have them, but not without encryption abroad", () => {
  const cases: [Parameters<typeof readEndpoint>[0], string][] = [
    [{ preset: "ollama" }, "http://127.0.0.1:11434/v1"],
    [{ preset: "lmstudio" }, "http://127.0.0.1:1234/v1"],
    [{ preset: "llama-server" }, "http://127.0.0.1:8080/v1"],
    [{ preset: "ollama", url: "http://192.168.1.5:11434/v1/" }, "http://192.168.1.5:11434/v1"],
    [{ url: "localhost:8000/v1" }, "http://localhost:8000/v1"],
    [{ url: "nas.local/v1" }, "http://nas.local/v1"],
    [{ url: "api.example.org/v1" }, "https://api.example.org/v1"],
    [{ url: "https://api.example.org/v1/chat/completions" }, "https://api.example.org/v1"],
    [{ url: "http://api.example.org/v1", force: true }, "http://api.example.org/v1"],
    [{ url: "https://user:sk-1@api.example.org/v1?x=y#z" }, "https://api.example.org/v1"],
  ];
  for (const [wish, url] of cases) assertEquals(readEndpoint(wish).url, url, JSON.stringify(wish));
  assertEquals(readEndpoint({ url: "https://user:sk-1@api.example.org/v1" }).key, "sk-1");
  const wrong = [
    "",
    "http://api.example.org/v1",
    "ftp://a/b",
    "file:///x",
    "http://",
    "8.8.8.8:http",
  ];
  for (const url of [...wrong, "http://8.8.8.8/v1", "http://[2001:db8::1]/v1"]) {
    const error = assertThrows(() => readEndpoint({ url }), ErthError);
    assertEquals(error.code, "ENDPOINT_URL", url);
  }
  assertThrows(() => readEndpoint({ preset: "ollama", key: "ü ü" }), ErthError);
});
