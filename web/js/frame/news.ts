/// <reference lib="dom" />
/**
 * News of what changed, by one event stream. Elements hear of it as `erth:TOPIC` and
 * `erth:TOPIC-ID` on the body, and fetch themselves anew.
 *
 * @module
 */
import type { RequestContext } from "../htmx.ts";
import { opensScreen } from "../screens/screen.ts";

/** One event of the stream. */
export interface News {
  /**
   * `hello` says from where one listens, `reset` that some was missed and nobody knows what,
   * `closing` that Erth ends in a moment.
   */
  kind: "hello" | "changed" | "reset" | "closing";
  /** Its place in the stream. */
  at: string;
  topic?: string;
  id?: string;
  closing?: string;
}

const KINDS = ["hello", "changed", "reset", "closing"] as const;
const TOPICS = ["notes", "threads", "library", "models", "sidecar", "mirror", "status"];
const REFUSED_MS = 3000;

/** The names of the events that elements hear for one of the stream. */
export function eventsFor({ kind, topic, id }: News): string[] {
  if (kind === "reset") return ["reset", ...TOPICS].map((topic) => `erth:${topic}`);
  if (kind === "hello" || topic === undefined) return [];
  return id === undefined ? [`erth:${topic}`] : [`erth:${topic}`, `erth:${topic}-${id}`];
}

let others: BroadcastChannel | undefined;
let last = "";
let listening: AbortController | undefined;

/** One tab listens and tells the others; none does while no tab is in sight. */
export function startNews(): void {
  last = document.documentElement.dataset.news ?? "";
  if (globalThis.BroadcastChannel) others = new BroadcastChannel("erth");
  others?.addEventListener("message", ({ data }) => hear(data));
  addEventListener("load", listenWhileSeen);
  document.addEventListener("visibilitychange", listenWhileSeen);
  renewStaleScreens();
}

function hear(news: News): void {
  if (news.kind === "closing") {
    const detail = { closing: news.closing };
    document.dispatchEvent(new CustomEvent("erth:closing", { detail }));
    return;
  }
  last = news.at;
  for (const event of eventsFor(news)) htmx.trigger("body", event);
}

function listenWhileSeen(): void {
  if (document.hidden) {
    stopListening();
  } else if (!listening) {
    listening = new AbortController();
    inTurn(listening.signal);
  }
}

function stopListening(): void {
  listening?.abort();
  listening = undefined;
}

/** The tab with the lock listens; when it goes, or hides, the next one does. */
function inTurn(signal: AbortSignal): void {
  const listen = () => readStream(signal);
  if (!navigator.locks) listen();
  else navigator.locks.request("erth", { signal }, listen).catch(() => {}); // It hid while it waited.
}

/** Resolves at the signal. */
function readStream(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const source = new EventSource(`events?after=${last}`);
    signal.addEventListener("abort", () => {
      source.close();
      resolve();
    });
    // A stream that broke comes back by itself; one that was refused has to be asked for anew.
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) setTimeout(listenAnew, REFUSED_MS);
    });
    for (const kind of KINDS) {
      source.addEventListener(kind, ({ data, lastEventId }) => {
        const news: News = { ...JSON.parse(data), kind, at: lastEventId };
        others?.postMessage(news);
        hear(news);
      });
    }
  });
}

function listenAnew(): void {
  stopListening();
  listenWhileSeen();
}

/** What changed while a screen was on its way may be missing in it. */
function renewStaleScreens(): void {
  const since = new WeakMap<RequestContext, string>();
  document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
    since.set(ctx, last);
  });
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (opensScreen(ctx) && since.get(ctx) !== last) hear({ kind: "reset", at: last });
  });
}
