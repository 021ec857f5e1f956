/// <reference lib="dom" />
/** The field that one asks in: its focus, and its keys for the conversation above it. @module */
import { type RequestContext, targetOf } from "../htmx.ts";
import { scroller, scrollToEnd } from "./reading.ts";

const PAGES: Record<string, number> = { PageUp: -0.9, PageDown: 0.9 };

/** Puts the focus into the field, without scrolling there unless asked to. */
export function focusComposer(options?: FocusOptions): void {
  composer()?.focus(options);
}

/** Keeps the focus in the field over swaps, and lets one scroll and edit from there. */
export function startComposer(): void {
  const focused = new WeakMap<RequestContext, Element>();
  document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => {
    const focus = document.activeElement;
    if (focus && targetOf(ctx)?.contains(focus)) focused.set(ctx, focus);
  });
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (ctx.sourceElement.closest(".more")) return;
    const before = focused.get(ctx);
    const now = document.activeElement;
    const isLost = now === document.body || now?.id === "main";
    if (before && before.id !== "main" && isLost) focusComposer({ preventScroll: true });
  });
  document.addEventListener("click", ({ target }) => {
    if (!(target as Element).closest("#jump")) return;
    scrollToEnd();
    focusComposer();
  });
  document.addEventListener("keydown", press);
}

function press(event: KeyboardEvent): void {
  const field = composer();
  const box = scroller();
  if (!field || event.target !== field || !box) return;
  if (event.isComposing || event.altKey || event.shiftKey || event.ctrlKey || event.metaKey) return;
  const pages = PAGES[event.key];
  if (pages !== undefined) {
    event.preventDefault();
    box.scrollBy(0, pages * box.clientHeight);
  } else if (event.key === "ArrowUp" && field.value === "") {
    const last = [...document.querySelectorAll<HTMLElement>("[data-edit]")].at(-1);
    if (!last) return;
    event.preventDefault();
    last.click();
  }
}

function composer(): HTMLTextAreaElement | null {
  return document.querySelector<HTMLTextAreaElement>(".composer [name=question]");
}
