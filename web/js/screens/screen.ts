/// <reference lib="dom" />
import type { RequestContext } from "../htmx.ts";

/** Whether a request puts another screen, or another main part of one, in place of what is open. */
export function opensScreen({ target }: RequestContext): boolean {
  return target?.id === "screen" || target?.id === "main";
}

/** Whether it is the first one, which each page fetches as it loads. */
export function isFirstScreen(ctx: RequestContext): boolean {
  return opensScreen(ctx) && ctx.sourceEvent?.type === "load";
}

/** Opens the screen of a path. */
export function openScreen(path: string): void {
  htmx.ajax("GET", path, { source: "#screen", target: "#screen" });
}
