import { assertEquals } from "@std/assert";
import { ConnectionFile } from "./connection_file.ts";

const CONNECTION = { url: "libsql://example.org", token: "s3cret", deviceName: "desk" };

Deno.test("a connection is kept for its owner alone, and forgotten whole", async () => {
  const data = await Deno.makeTempDir();
  const file = new ConnectionFile(data);
  assertEquals(file.read(), undefined);
  file.write({ ...CONNECTION, merge: true });
  assertEquals(file.read(), { ...CONNECTION, merge: true });
  file.write(CONNECTION);
  assertEquals(new ConnectionFile(data).read(), CONNECTION);
  assertEquals([...Deno.readDirSync(data)].map(({ name }) => name), ["mirror.json"]);
  if (Deno.build.os !== "windows") {
    assertEquals((await Deno.stat(`${data}/mirror.json`)).mode! & 0o777, 0o600);
  }
  file.remove();
  file.remove();
  assertEquals([[...Deno.readDirSync(data)], file.read()], [[], undefined]);
  await Deno.remove(data, { recursive: true });
});

Deno.test("what isn't a connection counts as none", async () => {
  const data = await Deno.makeTempDir();
  for (const text of ["", "{", "null", '{"url":1,"token":"","deviceName":""}', '{"url":"a"}']) {
    await Deno.writeTextFile(`${data}/mirror.json`, text);
    assertEquals(new ConnectionFile(data).read(), undefined, text);
  }
  await Deno.remove(data, { recursive: true });
});
