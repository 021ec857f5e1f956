/// <reference lib="dom" />
/**
 * What the page's modules know of htmx. The library itself is loaded after them, so `htmx` is there
 * only once the page stands: in listeners, not while a module is read.
 *
 * @module
 */
import type { Htmx, HtmxRequestCtx } from "htmx.org/dist/htmx.d.ts";

declare global {
  const htmx: Htmx;
}

/** One request of htmx: the same object in each of its events, from `before:request` on. */
export type RequestContext = HtmxRequestCtx;

/** Where an answer goes; a target that was changed on the way may still be a selector. */
export function targetOf({ target }: RequestContext): Element | null {
  return typeof target === "string" ? document.querySelector(target) : target;
}

/** Whether the page asks by itself, as news came, rather than because of what a person did. */
export function isForNews({ sourceEvent }: RequestContext): boolean {
  return sourceEvent?.type?.startsWith("erth:") ?? false;
}
