import { assert, assertEquals, assertRejects } from "@std/assert";
import { ErthError } from "../../errors.ts";
import { LineLog } from "../../log.ts";
import { systemClock as clock } from "../../shell/process/clock.ts";
import { Endpoints } from "../../shell/models/endpoints/endpoints.ts";
import { Reach } from "../../shell/models/endpoints/reach.ts";
import { Relay } from "../../shell/models/endpoints/relay.ts";
import { AssistantFile } from "../../shell/models/settings/settings.ts";
import { Rig } from "./support.ts";

Deno.test("another llama.cpp server is an endpoint: its models are found, its answers stream", async () => {
  await using rig = new Rig();
  const ref = await rig.add("tiny");
  const { key, pid, url } = await rig.ready(ref);
  const data = await Deno.makeTempDir();
  const lines: string[] = [];
  const log = new LineLog((line) => lines.push(line));
  const reach = new Reach();
  const settings = new AssistantFile(data);
  const endpoints = new Endpoints({ settings, reach, clock, log, onChange: () => {} });
  const refused = await assertRejects(() => endpoints.add({ url, key: "wrong" }), ErthError);
  assertEquals(refused.code, "ENDPOINT_AUTH");
  // This build of it doesn't list what it has.
  const id = await endpoints.add({ url, key, title: "Second", model: "model" });
  const relay = new Relay({
    find: (id) => endpoints.find(id),
    check: (endpoint) => endpoints.check(endpoint),
    onOutcome: (id, trouble) => endpoints.noted(id, trouble),
    reach,
    clock,
    log,
    mintKey: () => "relay-key",
    equal: (a, b) => a === b,
  });
  const [model] = endpoints.models(relay.open());
  assertEquals(model!.ref, `${id}/model`);
  const messages = [{ role: "user", content: "Hello" }];
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: 1 });
  // More than once: llama.cpp closes connections that it seemed to keep.
  for (let turn = 0; turn < 3; turn++) {
    const response = await fetch(`${model!.url}/chat/completions`, {
      method: "POST",
      client,
      headers: { authorization: `Bearer ${model!.key}`, "content-type": "application/json" },
      body: JSON.stringify({
        model: model!.name,
        stream: true,
        temperature: 0,
        max_tokens: 8,
        messages,
      }),
    });
    const text = await response.text();
    assertEquals(response.status, 200, text);
    assert(text.split("data: ").length > 4 && text.trimEnd().endsWith("[DONE]"), text);
  }
  assert(!lines.join().includes(key));
  // It ends: the endpoint is shown as it is, and the relay says why.
  rig.keeper.unload(ref);
  await rig.gone(pid);
  await endpoints.refresh(true);
  assertEquals(endpoints.report()[0]!.code, "ENDPOINT_UNREACHABLE");
  client.close();
  await relay.close();
  reach.close();
  await Deno.remove(data, { recursive: true });
});
