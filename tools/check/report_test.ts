import { assertEquals } from "@std/assert";
import { readCounts } from "./report.ts";

async function counted(xml: string | undefined, success: boolean) {
  const path = await Deno.makeTempFile();
  if (xml === undefined) await Deno.remove(path);
  else await Deno.writeTextFile(path, xml);
  return await readCounts(path, success);
}

Deno.test("counts are summed over suites; what was skipped is no pass", async () => {
  const xml = `<testsuites name="all" tests="9" failures="1" errors="1">
    <testsuite name="a" tests="5" disabled="1" errors="0" failures="1"></testsuite>
    <testsuite name="b" errors="1" failures="0" skipped="1" tests="4"></testsuite></testsuites>`;
  assertEquals(await counted(xml, false), { passed: 5, failed: 2 });
});

Deno.test("a runner that fails without a failed test counts as one", async () => {
  const xml = `<testsuites><testsuite name="a" tests="2" errors="0" failures="0"/></testsuites>`;
  assertEquals(await counted(xml, false), { passed: 2, failed: 1 });
  assertEquals(await counted(undefined, false), { passed: 0, failed: 1 });
});
