import { assertEquals } from "@std/assert";
import { Erth, erth } from "../harness.ts";

Deno.test("what is on this computer isn't asked through the system's proxy", async () => {
  const asked: string[] = [];
  const proxy = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    asked.push(request.url);
    return new Response(null, { status: 502 });
  });
  const address = `http://127.0.0.1:${proxy.addr.port}`;
  const env = { HTTP_PROXY: address, http_proxy: address, NO_PROXY: "", no_proxy: "" };
  {
    await using running = await Erth.start({ env });
    await running.json("notes", { title: "Direct" });
    const { code, stdout } = await erth(["note", "list", "--data", running.data], { env });
    assertEquals([code, stdout.includes("Direct")], [0, true]);
  }
  await proxy.shutdown();
  assertEquals(asked, []);
});
