/// <reference lib="dom" />
/**
 * An answer that grows: its words show as they come, its form (Markdown, sources) is fetched now and
 * then. `erth:grown` on it fetches it.
 *
 * @module
 */
import { hearAnswer } from "./answer_stream.ts";
import type { RequestContext } from "../htmx.ts";
import { keepPlace } from "./reading.ts";

/** Milliseconds from one rendering of a growing answer to the next: at least, and at most. */
const SOONEST_MS = 500;
const LATEST_MS = 3000;

interface Growth {
  id: string;
  /** How many characters were there when the stream began. */
  from: number;
  /** The characters (code points) since then. */
  characters: string[];
  /** Whether they come by a stream. */
  isLive: boolean;
  /** When it was last asked for, and how long that took, in milliseconds. */
  asked: number;
  took: number;
  isAskedFor: boolean;
  /** Whether more came while it was. */
  isLate: boolean;
  timer?: number;
  stop: AbortController;
}

let growing: Growth | undefined;

/** Milliseconds until an answer is to be rendered anew: rarely, if that takes its time. */
export function pauseBefore(now: number, { asked, took }: Pick<Growth, "asked" | "took">): number {
  const pause = Math.min(LATEST_MS, Math.max(SOONEST_MS, 10 * took));
  return Math.max(0, asked + pause - now);
}

/** The words after those that are rendered already. */
export function wordsAfter(
  rendered: number,
  { from, characters }: Pick<Growth, "from" | "characters">,
): string {
  return characters.slice(Math.max(0, rendered - from)).join("");
}

/** Shows the answer that grows, if there is one, while the page is in sight. */
export function startGrowing(): void {
  const renderings = new WeakMap<RequestContext, Growth>();
  document.addEventListener("htmx:before:request", (event) => {
    const { ctx } = event.detail;
    if (!growing || ctx.sourceElement.id !== growing.id) return;
    if (ctx.sourceEvent?.type === "erth:grown") {
      renderings.set(ctx, growing);
      growing.asked = performance.now();
      growing.isAskedFor = true;
    } else if (growing.isLive) {
      event.preventDefault();
      renderSoon(growing); // More than its words may differ.
    }
  });
  document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
    const growth = renderings.get(ctx);
    if (!growth) return;
    growth.took = performance.now() - growth.asked;
    growth.isAskedFor = false;
    if (growth.isLate && answerOf(growth)) renderSoon(growth);
  });
  document.addEventListener("htmx:after:swap", follow);
  document.addEventListener("visibilitychange", follow);
}

function follow(): void {
  const isBusy = document.querySelector(".answer[aria-busy]") !== null;
  document.documentElement.toggleAttribute("data-answering", isBusy);
  const answer = document.hidden
    ? null
    : document.querySelector<HTMLElement>(".answer[data-stream]");
  if (answer && answer.id === growing?.id) return showTail(answer, growing);
  growing?.stop.abort();
  growing = answer ? begin(answer) : undefined;
}

function begin(answer: HTMLElement): Growth {
  const growth: Growth = {
    id: answer.id,
    from: Number(answer.dataset.length),
    characters: [],
    isLive: false,
    asked: 0,
    took: 0,
    isAskedFor: false,
    isLate: false,
    stop: new AbortController(),
  };
  const listener = {
    known: () => growth.from + growth.characters.length,
    live: (is: boolean) => growth.isLive = is,
    words: (text: string) => {
      growth.characters = growth.characters.concat([...text]);
      show(growth);
    },
    changed: () => {
      growth.asked = 0; // It looks different now: at once.
      show(growth);
    },
    ended: () => render(growth),
  };
  hearAnswer(answer.dataset.stream!, listener, growth.stop.signal).catch(() => {});
  return growth;
}

/** The element of an answer, while it is the one that grows. */
function answerOf(growth: Growth): HTMLElement | null {
  return growing === growth ? document.getElementById(growth.id) : null;
}

function show(growth: Growth): void {
  const answer = answerOf(growth);
  if (!answer) return growth.stop.abort();
  showTail(answer, growth);
  renderSoon(growth);
}

function render(growth: Growth): void {
  const answer = answerOf(growth);
  if (answer) htmx.trigger(answer, "erth:grown");
}

function renderSoon(growth: Growth): void {
  growth.isLate = growth.isAskedFor;
  if (growth.isAskedFor || growth.timer !== undefined) return;
  growth.timer = setTimeout(() => {
    growth.timer = undefined;
    render(growth);
  }, pauseBefore(performance.now(), growth));
}

/** Shows the words after those that were rendered, as they are. */
function showTail(answer: HTMLElement, growth: Growth): void {
  const words = wordsAfter(Number(answer.dataset.length), growth);
  const tail = answer.querySelector(".tail");
  if (tail ? tail.textContent === words : words === "") return;
  const restore = keepPlace();
  (tail ?? addTail(answer)).textContent = words;
  restore();
}

/** Makes room for words where the last ones stand: in a paragraph, an item, a block of code. */
function addTail(answer: HTMLElement): HTMLElement {
  const tail = document.createElement("span");
  tail.className = "tail";
  const prose = answer.querySelector(".prose")!;
  const last = prose.lastElementChild;
  const place = last?.matches("p") ? last : last?.querySelector("code, li:last-child");
  (place ?? prose.appendChild(document.createElement("p"))).append(tail);
  return tail;
}
