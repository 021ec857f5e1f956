/// <reference lib="dom" />
import { chromium, type Page } from "playwright-core";
import { Store } from "../db/store/store.ts";
import { Erth } from "../tests/harness.ts";
import type { Figure, Row } from "./lib/figure.ts";
import { quiet } from "./lib/quiet.ts";
import { quantile } from "./lib/stats.ts";

const MESSAGES = 10_000;
const NAME = `thread of ${MESSAGES} messages`;
const OPENINGS = 10;
const SCROLL_MS = 10_000;
/** Pixels from one frame to the next: a flick of 9000 px/s. */
const FLICK = 150;
const THREAD = "01900000-0000-7000-8000-00000000cafe";
const ANSWER = "The **comet** came back, see `orbit.ts`:\n\n- on day one\n- on day two\n\n" +
  "```ts\nconst period = 76;\n```\n\n| day | seen |\n|---|---|\n| 1 | yes |\n\n" +
  "It was bright enough to be seen without a telescope, and stayed for weeks.";
const BROWSER = { executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] };

/** What scrolling was like: milliseconds from each frame to the next. */
interface Scrolled {
  frames: number[];
  messages: number;
}

/** A thread of 10 000 messages: opened by a click, then scrolled up through many of its pages. */
export const chatThread: Figure = {
  name: "chat-thread",
  measure: async (say) => {
    await using erth = await Erth.start();
    await fill(erth);
    const browser = await chromium.launch(BROWSER);
    try {
      const page = await browser.newPage();
      await page.goto(`${await erth.launchUrl()}&to=chat`);
      await page.locator(`#t-${THREAD} a`).waitFor();
      const openings: number[] = [];
      for (let count = 0; count <= OPENINGS; count++) {
        await quiet();
        openings.push(await open(page));
      }
      const [first = 0, ...others] = openings;
      say(`opened in ${openings.map((ms) => ms.toFixed(0))} ms`);
      await open(page);
      const flicked = await page.evaluate(scroll, { limit: SCROLL_MS, step: -FLICK });
      const raced = await page.evaluate(scroll, { limit: SCROLL_MS, step: -720 });
      const deep = await page.evaluate(scroll, { limit: SCROLL_MS, step: -FLICK });
      say(`scrolled past ${deep.messages} messages`);
      return [
        ...openingRows(first, others),
        scrollRow("longest frame while scrolling up", flicked, 50),
        scrollRow("the same, further up", deep, 50),
        scrollRow("longest frame at a screen a frame, 43 000 px/s", raced),
      ];
    } finally {
      await browser.close();
    }
  },
};

async function fill(erth: Erth): Promise<void> {
  const path = `${erth.data}/local_edge.db`;
  await erth.json("chat"); // the schema is there now
  const store = await Store.open({ path, synchronous: "NORMAL" });
  const now = new Date().toISOString();
  store.change(
    "INSERT INTO threads (id, title, created_at, updated_at) VALUES (?, 'A long one', ?2, ?2)",
    THREAD,
    now,
  );
  const numbers = JSON.stringify(Array.from({ length: MESSAGES }, (_, at) => at));
  store.change(
    "INSERT INTO messages (id, thread_id, role, body, created_at)" +
      " SELECT printf('01900000-0000-7000-8000-%012x', value), ?2," +
      " iif(value % 2, 'assistant', 'user')," +
      " iif(value % 2, ?3 || ' ' || value, 'When was it seen, ' || value || '?'), ?4" +
      " FROM json_each(?1)",
    numbers,
    THREAD,
    ANSWER,
    now,
  );
  store.close();
}

/** From the click on the thread until its last message is on screen, in milliseconds. */
async function open(page: Page): Promise<number> {
  await page.locator(".rail a[href=chat]").click();
  await page.locator(".asking").waitFor();
  return await page.evaluate((id) =>
    new Promise<number>((resolve) => {
      const begin = performance.now();
      const painted = () => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => resolve(performance.now() - begin);
        channel.port2.postMessage(0);
      };
      const observer = new MutationObserver(() => {
        if (document.querySelector(".messages .answer") === null) return;
        observer.disconnect();
        requestAnimationFrame(painted);
      });
      observer.observe(document.body, { childList: true, subtree: true });
      document.querySelector<HTMLElement>(`#t-${id} a`)!.click();
    }), THREAD);
}

/** Runs in the page: scrolls by `step` pixels a frame for `limit` ms and takes the time of each. */
function scroll({ limit, step }: { limit: number; step: number }): Promise<Scrolled> {
  const box = document.querySelector(".scroll")!;
  const frames: number[] = [];
  return new Promise((resolve) => {
    const begin = performance.now();
    let last = begin;
    const frame = (now: number) => {
      if (now > last) frames.push(now - last);
      last = now;
      const messages = document.querySelectorAll(".question, .answer").length;
      if (now - begin > limit) return resolve({ frames: frames.slice(1), messages });
      box.scrollBy(0, step);
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
}

function openingRows(first: number, others: number[]): Row[] {
  const goals = { unit: "ms" as const, goal: 300 };
  const noise: [number, number] = [quantile(others, 0.25), quantile(others, 0.75)];
  const [value, count] = [quantile(others, 0.5), others.length];
  return [
    { name: `${NAME}, opened for the first time`, value: first, ...goals, count: 1 },
    { name: `${NAME}, opened again`, value, ...goals, noise, count },
  ];
}

function scrollRow(what: string, { frames, messages }: Scrolled, goal?: number): Row {
  const late = frames.filter((ms) => ms > 50).length;
  const p99 = quantile(frames, 0.99).toFixed(1);
  return {
    name: `${NAME}, ${what}`,
    value: Math.max(...frames),
    unit: "ms",
    goal,
    count: frames.length,
    detail: `${late} over 50 ms; p99 ${p99} ms; ${messages} messages there`,
  };
}
