/// <reference lib="dom" />
/** Where one reads in a conversation stays there, whatever is swapped in. @module */
import { type RequestContext, targetOf } from "../htmx.ts";

/** Pixels from the end up to which one counts as being there. */
const NEAR = 40;
/** Pixels from the end at which a way back to it is offered. */
const FAR = 240;
/** Pixels between two looks for the message that one reads. */
const STEP = 24;

const nothing = () => {};

/** The box that a conversation scrolls in. It is laid out from its end, where `scrollTop` is 0. */
export function scroller(): HTMLElement | null {
  return document.querySelector<HTMLElement>(".scroll");
}

/** Goes to the end of the conversation. */
export function scrollToEnd(): void {
  const box = scroller();
  if (box) box.scrollTop = 0;
}

/** Remembers what one reads; the function that it gives puts that back where it was. */
export function keepPlace(): () => void {
  const box = scroller();
  if (!box || readsOn(box)) return nothing;
  const mark = firstMessageInSight(box);
  if (!mark) return nothing;
  const before = mark.getBoundingClientRect().top;
  return () => {
    if (mark.isConnected) box.scrollTop += mark.getBoundingClientRect().top - before;
  };
}

/** Keeps the place over each swap; a person's own question goes to the end. */
export function startReading(): void {
  const restores = new WeakMap<RequestContext, () => void>();
  const sought = new WeakSet<Element>();
  document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => {
    const target = targetOf(ctx);
    const box = scroller();
    if (!box || !target) return;
    if (box.contains(target) || target.contains(box)) restores.set(ctx, keepPlace());
  });
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    const source = ctx.sourceElement;
    const found = document.querySelector("[data-at]");
    if (source.closest(".more")) {
      restores.get(ctx)?.();
    } else if (source.matches(".composer, .edit") && scroller()) {
      scrollToEnd();
    } else if (found && !sought.has(found)) {
      sought.add(found); // Once: then one may scroll away from it.
      found.scrollIntoView({ block: "center" });
    } else {
      restores.get(ctx)?.();
    }
    offerWayToEnd();
  });
  document.addEventListener("scroll", ({ target }) => {
    if (target === scroller()) offerWayToEnd();
  }, { capture: true });
}

/** Whether one is at the end and goes along with it; below a page that isn't the last, one reads. */
function readsOn(box: HTMLElement): boolean {
  return box.scrollTop > -NEAR && !hasNewer();
}

function hasNewer(): boolean {
  return document.querySelector(".newer [hx-get]") !== null;
}

function firstMessageInSight(box: HTMLElement): Element | null {
  const { left, top, width, height } = box.getBoundingClientRect();
  for (let y = 8; y < height; y += STEP) {
    const message = document.elementFromPoint(left + width / 2, top + y)
      ?.closest(".asked, .answer");
    if (message) return message;
  }
  return null;
}

function offerWayToEnd(): void {
  const jump = document.querySelector<HTMLElement>("#jump");
  if (!jump) return;
  const box = scroller();
  jump.hidden = !box || (box.scrollTop > -FAR && !hasNewer());
}
