/// <reference lib="dom" />
/**
 * What others write shows in the open note where nobody types. While somebody does, or is about to
 * leave, news of it is held back; it is asked for anew as soon as it may show.
 *
 * @module
 */
import { EDITOR, isComposing, isUnsaved } from "./editing.ts";
import { isForNews, type RequestContext } from "../htmx.ts";

/** Milliseconds without a key after which somebody counts as not typing. */
const PAUSE_MS = 2000;

/** Which text each request set out from. */
const bases = new WeakMap<RequestContext, string | undefined>();
/** Requests under way that will take the open note's place. */
const leaving = new Set<RequestContext>();
/** Panes that news was held back from. */
const late = new WeakSet<Element>();
let typing: number | undefined;

/** Keeps news of the open note back while it would disturb. */
export function startHolding(): void {
  document.addEventListener("input", ({ target }) => {
    if (!(target as HTMLInputElement).form?.matches(EDITOR)) return;
    clearTimeout(typing);
    typing = setTimeout(() => {
      typing = undefined;
      catchUp();
    }, PAUSE_MS);
  });
  document.addEventListener("htmx:before:request", (event) => {
    const { ctx } = event.detail;
    bases.set(ctx, base());
    if (!isNewsOfPane(ctx)) {
      if (takesPane(ctx)) leaving.add(ctx);
    } else if (mustWait(ctx)) {
      event.preventDefault();
    }
  });
  document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
    leaving.delete(ctx);
    if (!isNewsOfPane(ctx)) catchUp();
  });
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    if (morphsPane(ctx) && mustWait(ctx)) event.preventDefault();
  });
}

/** Whether an answer changes the open note in its place. */
export function morphsPane(ctx: RequestContext): boolean {
  return ctx.swap === "innerMorph" && takesPane(ctx);
}

function isNewsOfPane(ctx: RequestContext): boolean {
  return ctx.sourceElement.matches(".pane") && isForNews(ctx);
}

function takesPane({ target }: RequestContext): boolean {
  const open = pane();
  // A target that was changed on the way is a selector, of something smaller.
  return typeof target !== "string" && open !== null && Boolean(target?.contains(open));
}

/** Whether what is open mustn't change now: somebody types, has saved since it was asked, or goes. */
function mustWait(ctx: RequestContext): boolean {
  const form = editor();
  const isWritten = isNewsOfPane(ctx) ? isTyped() : Boolean(form && isUnsaved(form));
  const isOther = bases.get(ctx) !== base();
  const isLeft = leaving.size > 0 && !leaving.has(ctx);
  if (!isWritten && !isOther && !isLeft) return false;
  const open = pane();
  if (open) late.add(open);
  return true;
}

/** Fetches what was held back, unless it still has to be. */
function catchUp(): void {
  const open = pane();
  if (!open || !late.has(open) || isTyped() || leaving.size > 0) return;
  late.delete(open);
  htmx.trigger(open, "erth:free");
}

function isTyped(): boolean {
  const form = editor();
  if (!form) return false;
  return isUnsaved(form) || isComposing(form) || typing !== undefined;
}

function editor(): HTMLFormElement | null {
  return document.querySelector<HTMLFormElement>(EDITOR);
}

function pane(): Element | null {
  return document.querySelector(".pane");
}

/** The version of the note that the open editor writes on. */
function base(): string | undefined {
  return document.querySelector<HTMLInputElement>("[name=base]")?.value;
}
