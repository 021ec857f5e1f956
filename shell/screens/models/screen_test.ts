import { assert, assertEquals } from "@std/assert";
import type { ModelReport, ModelsReport } from "../../models/report.ts";
import { modelsFragment, modelsScreen, modelsText } from "./screen.ts";
import { modelsWords } from "./words.ts";
import { whereTo } from "../status/where_to.ts";

const LOCAL: ModelReport = {
  ref: 'local/a "b".gguf',
  title: 'a "b"',
  where: "On this computer",
  leaves: false,
  state: "idle",
  progress: 0,
  settings: {},
  file: {
    path: "/d/models/a.gguf",
    own: true,
    bytes: 4.4e9,
    architecture: "llama",
    parameters: 8e9,
    quantization: "Q4_K_M",
    longest: 131_072,
    plan: { bytes: 5.2e9, context: 8192 },
    fits: true,
  },
};
const CLOUD = {
  id: "cloud",
  title: "Cloud",
  preset: "openai",
  url: "https://api.example/v1",
  hasKey: true,
  leaves: true,
  models: [{ name: "large<1>" }],
};
const OFFERED: ModelReport = {
  ref: "cloud/large<1>",
  title: "large<1>",
  where: "Cloud at api.example",
  leaves: true,
  state: "ready",
  progress: 1,
  settings: {},
};
const EMPTY: ModelsReport = {
  default: null,
  models: [],
  endpoints: [],
  downloads: [],
  folder: "/d/models",
  memory: { total: 16e9, available: 12e9, used: 0 },
  processors: 8,
};
const FULL: ModelsReport = { ...EMPTY, models: [LOCAL, OFFERED], endpoints: [CLOUD] };

Deno.test("without a model it says what to do first", () => {
  const html = modelsFragment(EMPTY, "Erth").toString();
  for (const part of ["No model is used.", "Drop a GGUF", "7 to 9 billion", "Ollama"]) {
    assert(html.includes(part), part);
  }
});

Deno.test("a model tells what it is, how it stands and what can be done", () => {
  const states: [Partial<ModelReport>, string[]][] = [
    [{}, ["4.40 GB · 8.0 billion parameters · Q4_K_M", "Not loaded", "about 5.20 GB", "Load"]],
    [{ state: "loading", progress: 0.42 }, ["Loading: 42 %", "<progress", "Cancel"]],
    [{ state: "ready", progress: 1, bytes: 5e9, context: 8192, speed: 23.4 }, [
      "Loaded · 5.00 GB of memory · context 8,192 tokens · 23 tokens a second",
      "Unload",
    ]],
    [{ state: "failed", code: "MODEL_DISK", detail: "x" }, ["enough room", "Try again"]],
  ];
  for (const [state, parts] of states) {
    const html = modelsFragment({ ...FULL, models: [{ ...LOCAL, ...state }] }, "Erth").toString();
    for (const part of parts) assert(html.includes(part), part);
  }
});

Deno.test("what others named is escaped, and no key shows", () => {
  const html = modelsFragment(FULL, "Erth", { given: { url: '"><script>', key: "sk-secret" } })
    .toString();
  assert(!html.includes("<1>") && !html.includes("<script>") && !html.includes("sk-secret"));
  assert(html.includes("large&lt;1&gt;") && html.includes("a &quot;b&quot;"));
});

Deno.test("which model answers, in words", () => {
  const used = (ref: string, more: Partial<ModelReport> = {}) =>
    modelsWords({
      ...FULL,
      default: ref,
      models: FULL.models.map((model) => model.ref === ref ? { ...model, ...more } : model),
    });
  assertEquals(modelsWords(EMPTY).state, "off");
  assert(used(LOCAL.ref).more!.includes("Nothing leaves this computer"));
  assert(used(OFFERED.ref).more!.includes("Questions, and the passages"));
  assertEquals(used(LOCAL.ref, { state: "failed", code: "MODEL_DISK" }).state, "broken");
  assertEquals(used("local/gone.gguf").state, "broken");
});

Deno.test("what goes where", () => {
  const mirror = { phase: "off", deviceName: "desk" } as const;
  const leaving = (models: ModelsReport) =>
    whereTo({ mirror, models }).filter(({ leaves }) => leaves).map(({ where }) => where);
  assertEquals(leaving(EMPTY), []);
  assertEquals(leaving({ ...FULL, default: LOCAL.ref }), ["Cloud at api.example"]);
  assertEquals(leaving({ ...FULL, default: OFFERED.ref }), ["Cloud at api.example"]);
  const download = {
    id: "x",
    name: "x",
    from: "a.example/x.gguf",
    phase: "running",
    done: 0,
  } as const;
  assertEquals(leaving({ ...EMPTY, downloads: [download] }), ["a.example"]);
});

Deno.test("the report comes as fragment, JSON or text", async () => {
  let looks = 0;
  const screen = modelsScreen({
    models: { report: () => FULL, look: () => Promise.resolve(void looks++) },
    title: "Erth",
  });
  const ask = (accept: string) => screen(new Request("http://a/models", { headers: { accept } }));
  assertEquals(await (await ask("application/json")).json(), FULL);
  assertEquals(await (await ask("text/plain")).text(), modelsText(FULL));
  assert((await (await ask("text/html")).text()).includes('id="models-title"'));
  assertEquals(looks, 3);
});
