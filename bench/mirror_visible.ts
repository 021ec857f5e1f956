/// <reference lib="dom" />
import { chromium, type Page } from "playwright-core";
import { Erth, erth, poll } from "../tests/harness.ts";
import { Sqld } from "../tests/mirror/sqld.ts";
import type { Figure, Row } from "./lib/figure.ts";
import { quantile } from "./lib/stats.ts";
import { freshFolder } from "./mirror_support.ts";

const SAMPLES = 80;
const SLICES = 4;
/** Between two notes; by chance within it, so that no rhythm of the mirror's is met. */
const PAUSE_MS = { least: 700, most: 1_700 };
const BROWSER = "/usr/bin/chromium";

/**
 * Two `serve` with data folders of their own, connected to one sqld. From just before a note is sent
 * to the first, so that its commit is in it, to the frame in which the second's page shows it.
 */
export const mirrorVisible: Figure = {
  name: "mirror-visible",
  measure: async (say) => {
    await using server = await Sqld.start({ jwt: true });
    const data = [await freshFolder(), await freshFolder()] as const;
    for (const folder of data) await connect(folder, server);
    await using a = await Erth.start({ data: data[0] });
    await using b = await Erth.start({ data: data[1] });
    const browser = await chromium.launch({ executablePath: BROWSER, args: ["--no-sandbox"] });
    const taken: number[] = [];
    try {
      const page = await browser.newPage();
      await page.goto(`${await b.launchUrl()}&to=notes`);
      await page.locator("#main:not([aria-label=Loading])").waitFor();
      for (const each of [a, b]) await poll(() => isCurrent(each));
      for (let sample = -1; sample < SAMPLES; sample++) {
        await pause();
        const time = await once(a, page, `Sample ${sample} of a note`);
        // The first one only warms up.
        if (sample >= 0) taken.push(time);
      }
    } finally {
      await browser.close();
    }
    say(`slowest ${Math.max(...taken).toFixed(0)} ms`);
    const row = (q: number, goal: number): Row => {
      const size = SAMPLES / SLICES;
      const slices = Array.from(
        { length: SLICES },
        (_, slice) => quantile(taken.slice(slice * size, (slice + 1) * size), q) / 1000,
      );
      return {
        name: `committed here → visible on another device's page, p${q * 100}`,
        value: quantile(taken, q) / 1000,
        unit: "s",
        goal,
        noise: [quantile(slices, 0.25), quantile(slices, 0.75)],
        count: taken.length,
      };
    };
    return [row(0.5, 0.5), row(0.99, 1.5)];
  },
};

async function connect(folder: string, server: Sqld): Promise<void> {
  const { code, stdout } = await erth(
    ["mirror", "connect", server.url, "--token-stdin", "--json", "--data", folder],
    { stdin: `${server.token}\n` },
  );
  if (code !== 0) throw new Error(`Cannot connect: ${stdout}`);
}

async function isCurrent(each: Erth): Promise<boolean> {
  const { phase, listening } = await each.json<{ phase: string; listening: boolean }>("mirror");
  return phase === "current" && listening;
}

/** Milliseconds until a note that is sent to `from` is in the page. */
async function once(from: Erth, page: Page, title: string): Promise<number> {
  const shown = page.evaluate(appears, title);
  const begin = Date.now();
  await from.json("notes", { title, body: "A line of text.", tags: "" });
  return await shown - begin;
}

/** In the page: when the frame is shown in which an element has this text; of the system's clock. */
function appears(text: string): Promise<number> {
  return new Promise((resolve) => {
    const look = () => {
      if (!document.body.innerText.includes(text)) return;
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(() => resolve(Date.now())));
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, { subtree: true, childList: true, characterData: true });
    look();
  });
}

function pause(): Promise<void> {
  const { least, most } = PAUSE_MS;
  return new Promise((resolve) => setTimeout(resolve, least + Math.random() * (most - least)));
}
