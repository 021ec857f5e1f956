import { assertEquals } from "@std/assert";
import { FakeClock } from "../../tests/fixtures/fake_clock.ts";
import { Health } from "./health.ts";

Deno.test("the uptime is right though the wall clock was set back", async () => {
  const clock = new FakeClock();
  const health = new Health(clock);
  health.ready(1, 4711);
  await clock.advance(5_000);
  clock.setBack(3_600_000);
  assertEquals(health.report().uptime, 5);
});

Deno.test("a loss is dated by the wall clock", () => {
  const clock = new FakeClock();
  const health = new Health(clock);
  health.lost("Killed by SIGKILL");
  const at = new Date(clock.now()).toISOString();
  assertEquals(health.report().restarts, [{ at, reason: "Killed by SIGKILL" }]);
});
