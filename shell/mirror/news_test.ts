import { assertEquals } from "@std/assert";
import { LineLog } from "../../log.ts";
import type { MirrorState } from "../../db/mirror/messages.ts";
import { FakeClock } from "../../tests/fixtures/fake_clock.ts";
import type { Change } from "../gateway/events.ts";
import { MirrorLog } from "./log.ts";
import { MirrorNews } from "./news.ts";
import { unknownState } from "./report.ts";

const SINCE = "2026-01-02T03:04:05.678Z";

function news() {
  const clock = new FakeClock();
  const published: Change[] = [];
  let state: Partial<MirrorState> = { phase: "current" };
  const report = () => ({
    ...unknownState(SINCE),
    ...state,
    url: "libsql://a.example",
    deviceName: "desk",
  });
  const news = new MirrorNews({ publish: (change) => published.push(change), report, clock });
  const become = (next: Partial<MirrorState>) => {
    state = next;
    news.state();
  };
  return { become, clock, news, published };
}

Deno.test("an edit that is there in a moment disturbs no page", async () => {
  const { become, clock, published } = news();
  for (let edit = 0; edit < 20; edit++) {
    become({ phase: "behind", pending: 1, since: `${edit}` });
    await clock.advance(300);
    become({ phase: "current", since: `${edit}.5`, freshness: edit, upToDate: `${edit}` });
    await clock.advance(300);
  }
  await clock.advance(5_000);
  assertEquals(published, []);
});

Deno.test("what stays is told: once, and soon if it is bad", async () => {
  const { become, clock, published } = news();
  become({ phase: "behind", pending: 3 });
  await clock.advance(1_500);
  assertEquals(published, [{ topic: "mirror" }]);
  become({ phase: "offline", pending: 3, error: { code: "MIRROR_OFFLINE", detail: "" } });
  await clock.advance(150);
  assertEquals(published.length, 2);
  become({ phase: "offline", pending: 3, error: { code: "MIRROR_OFFLINE", detail: "" } });
  await clock.advance(5_000);
  assertEquals([published.length, clock.pending], [2, 0]);
});

Deno.test("a load's progress is told by the percent", async () => {
  const { become, clock, published } = news();
  for (let done = 0; done < 100_000; done += 100) {
    become({ phase: "loading", progress: { done, total: 100_000 } });
    await clock.advance(10);
  }
  await clock.advance(1_000);
  assertEquals(published.length > 30 && published.length <= 101, true);
});

Deno.test("rows from elsewhere are told together and once, many of them as one", async () => {
  const { clock, news: it, published } = news();
  it.changed([{ topic: "notes", id: "n1" }, { topic: "threads", id: "t1" }]);
  it.changed([{ topic: "notes", id: "n1" }]);
  await clock.advance(1_000);
  assertEquals(published, [{ topic: "notes", id: "n1" }, { topic: "threads", id: "t1" }]);
  it.changed(Array.from({ length: 101 }, (_, id) => ({ topic: "notes", id: `${id}` })));
  await clock.advance(1_000);
  assertEquals(published.slice(2), [{ topic: "notes" }]);
});

Deno.test("the log has a line when it goes offline and one when it goes on", async () => {
  const clock = new FakeClock();
  const lines: string[] = [];
  const log = new MirrorLog(new LineLog((line) => lines.push(line.slice(25))), clock);
  const error = { code: "MIRROR_OFFLINE", detail: "refused" } as const;
  const become = (phase: MirrorState["phase"]) =>
    log.follow({ ...unknownState(SINCE), phase, error: phase === "current" ? undefined : error });
  for (let flap = 0; flap < 100; flap++) {
    become("offline");
    become("offline");
    await clock.advance(2_000);
    become("connecting");
    become("current");
    await clock.advance(1_000);
  }
  assertEquals(lines, [
    "info  mirror.offline code=MIRROR_OFFLINE detail=refused",
    "info  mirror.goes_on after_s=2",
  ]);
  await clock.advance(600_000);
  become("offline");
  assertEquals(lines.at(-1), "info  mirror.offline code=MIRROR_OFFLINE detail=refused left_out=99");
});

Deno.test("an event that comes again and again is written once in ten minutes", async () => {
  const clock = new FakeClock();
  const lines: string[] = [];
  const log = new MirrorLog(new LineLog((line) => lines.push(line)), clock);
  for (let time = 0; time < 1_000; time++) {
    log.write("warn", "mirror.aside", { code: "MIRROR_ROW_TOO_LARGE", id: time });
    await clock.advance(1_000);
  }
  log.write("warn", "mirror.aside", { code: "MIRROR_ROW_REFUSED" });
  assertEquals(lines.length, 3);
});
