/// <reference lib="dom" />
import { join } from "node:path";
import { chromium, type Page } from "playwright-core";
import { Erth, poll } from "../tests/harness.ts";
import { BareModel } from "./lib/bare_model.ts";
import { type Figure, type Row, rowOf } from "./lib/figure.ts";
import { addNotes, WORK } from "./lib/programs.ts";
import { quiet } from "./lib/quiet.ts";
import { compare, summarize } from "./lib/stats.ts";

const ROUNDS = 6;
const TOKENS = 120;
const CONTEXT = 4096;
const NOTES = 20;
const LAYERS = 8;
/** One processor is left to browser and sidecar: without one, they and the model wait for each other. */
const THREADS = Math.max(1, navigator.hardwareConcurrency - 1);
const BROWSER = "/usr/bin/chromium";
const REF = "local/bench.gguf";

/** What one answer took, in milliseconds from the question. */
interface Taken {
  first: number;
  /** Tokens a second, from the first to the last. */
  rate: number;
}

/**
 * A question on the page (gateway, sidecar, model process) against the same request sent to a model
 * process of the same kind directly: the same file, messages and settings, one after the other.
 */
export const modelSpeed: Figure = {
  name: "model-speed",
  measure: async (say) => {
    const data = await Deno.makeTempDir({ dir: WORK });
    const path = join(data, "models", "bench.gguf");
    await Deno.mkdir(join(data, "models"));
    await using direct = await BareModel.start({
      path,
      context: CONTEXT,
      layers: LAYERS,
      threads: THREADS,
    });
    await using erth = await Erth.start({ data });
    await addNotes(erth, NOTES);
    const settings = {
      temperature: "0",
      max_tokens: `${TOKENS}`,
      context: `${CONTEXT}`,
      threads: `${THREADS}`,
    };
    await erth.json("shell/models/settings", { ref: REF, ...settings });
    const messages = await messagesFor(erth, question(0));
    await erth.json("shell/models/use", { ref: REF });
    await erth.json("shell/models/load", { ref: REF });
    await poll(() => isReady(erth), 60_000);
    const browser = await chromium.launch({ executablePath: BROWSER, args: ["--no-sandbox"] });
    const ours: Taken[] = [];
    const theirs: Taken[] = [];
    try {
      const page = await browser.newPage();
      for (let round = -1; round < ROUNDS; round++) {
        const asked = question(round + 1);
        const same = JSON.parse(JSON.stringify(messages).replaceAll(question(0), asked));
        await quiet();
        const alone = await direct.ask(same, TOKENS);
        const shown = await ask(erth, page, asked);
        say(`${words(shown)}; directly ${words(alone)}`);
        // The first round only warms up.
        if (round >= 0) ours.push(shown), theirs.push(alone);
      }
    } finally {
      await browser.close();
    }
    await Deno.remove(data, { recursive: true });
    return rows(ours, theirs);
  },
};

function rows(ours: Taken[], theirs: Taken[]): Row[] {
  const rates = [ours, theirs].map((all) => all.map(({ rate }) => rate)) as [number[], number[]];
  const later = ours.map(({ first }, round) => first - theirs[round]!.first);
  const absolute = rates.map((all) => summarize(all).median.toFixed(1));
  const firsts = [ours, theirs].map((all) => summarize(all.map(({ first }) => first)).median);
  return [
    rowOf("tokens per second on the page / from the model process directly", compare(...rates), {
      unit: "×",
      least: 0.97,
      detail: `${absolute[0]} / ${absolute[1]} tokens/s`,
    }),
    rowOf("first token on the page, later than from the model process", summarize(later), {
      unit: "ms",
      goal: 15,
      detail: `${firsts[0]!.toFixed(0)} / ${firsts[1]!.toFixed(0)} ms`,
    }),
  ];
}

/** Numbered, so that no answer comes from what the model remembers of the one before. */
function question(round: number): string {
  return `Number ${round + 1000}: what do my notes say about bread?`;
}

/** What Erth sends a model for this question: asked of an endpoint that keeps it. */
async function messagesFor(erth: Erth, asked: string): Promise<unknown[]> {
  const heard = Promise.withResolvers<unknown[]>();
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      if (request.method === "GET") return Response.json({ object: "list", data: [{ id: "ear" }] });
      heard.resolve((await request.json()).messages);
      const words = { choices: [{ index: 0, delta: { content: "Yes." }, finish_reason: "stop" }] };
      const text = `data: ${JSON.stringify(words)}\n\ndata: [DONE]\n\n`;
      return new Response(text, { headers: { "content-type": "text/event-stream" } });
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}/v1`;
  await erth.json("shell/models/endpoint", { preset: "plain", url, title: "Ear" });
  const { models } = await erth.json<{ models: { ref: string }[] }>("models");
  const ref = models.find((model) => model.ref.endsWith("/ear"))!.ref;
  await erth.json("shell/models/use", { ref });
  await erth.json("chat/new", { question: asked });
  const messages = await heard.promise;
  await erth.json("shell/models/endpoint/remove", { id: ref.split("/")[0]! });
  return messages;
}

async function isReady(erth: Erth): Promise<boolean> {
  const { models } = await erth.json<{ models: { ref: string; state: string }[] }>("models");
  return models.some(({ ref, state }) => ref === REF && state === "ready");
}

/** Asks as a person does, in a conversation of its own. */
async function ask(erth: Erth, page: Page, asked: string): Promise<Taken> {
  await page.goto(`${await erth.launchUrl()}&to=chat`);
  await page.locator(".composer [name=question]").fill(asked);
  // The page's own start isn't what is measured.
  await quiet();
  // Waited for, or the key might come first.
  const watch = await page.evaluateHandle(watchAnswer);
  await page.keyboard.press("Enter");
  const { first, last } = await watch.evaluate(({ seen }) => seen);
  const id = new URL(page.url()).pathname.split("/").at(-1);
  const { messages } = await erth.json<{ messages: { stats: { tokens: number } }[] }>(`chat/${id}`);
  return { first, rate: (messages.at(-1)!.stats.tokens - 1) / (last - first) * 1000 };
}

/** In the page: when the answer's first and last words stood there, from the next key on. */
function watchAnswer(): { seen: Promise<{ first: number; last: number }> } {
  const seen = new Promise<{ first: number; last: number }>((resolve) => {
    let begin = 0, first = 0, last = 0, length = 0;
    addEventListener("keydown", () => begin = performance.now(), { capture: true, once: true });
    const observer = new MutationObserver(() => {
      const answer = document.querySelector(".answer");
      const now = answer?.querySelector(".prose")?.textContent?.trim().length ?? 0;
      if (now > length) {
        length = now;
        last = performance.now() - begin;
        first ||= last;
      }
      if (answer === null || answer.hasAttribute("aria-busy")) return;
      observer.disconnect();
      resolve({ first, last });
    });
    const options = { subtree: true, childList: true, characterData: true, attributes: true };
    observer.observe(document.body, options);
  });
  return { seen };
}

function words({ first, rate }: Taken): string {
  return `first after ${first.toFixed(0)} ms, ${rate.toFixed(1)} tokens/s`;
}
