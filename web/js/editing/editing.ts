/// <reference lib="dom" />
/**
 * The open note: what is typed into it is never lost. Its form saves itself by `hx-trigger`; here
 * stands what is saved already, and what to do with what couldn't be.
 *
 * @module
 */

import type { HtmxRequestOptions } from "htmx.org/dist/htmx.d.ts";
import type { RequestContext } from "../htmx.ts";

/** A form whose text mustn't be lost. */
export const EDITOR = "[data-keep]";

/** Words that aren't saved: where they would go, and the form's fields. */
export interface UnsavedText {
  path: string;
  fields: Record<string, string>;
}

interface Draft {
  /** Whether its text is saved, on its way, or only in the page. */
  text: "saved" | "sent" | "typed";
  /** Whether an input method is still at work on it. */
  composing: boolean;
  /** Who writes, so that one text under way isn't kept beside itself as two people's. */
  writer?: string;
}

const drafts = new WeakMap<HTMLFormElement, Draft>();
/** Forms whose text isn't saved, also such that are gone from the page while it is on its way. */
const unsaved = new Set<HTMLFormElement>();
/** Texts that couldn't be saved, by the path of their form, until it comes again. */
const unsent = new Map<string, URLSearchParams>();

/** Keeps account of each editor's text, and puts back what couldn't be saved. */
export function startEditing(): void {
  document.addEventListener("input", ({ target }) => {
    const form = editorOf(target);
    if (form) mark(form, "typed");
  });
  for (const kind of ["compositionstart", "compositionend"]) {
    document.addEventListener(kind, ({ target }) => {
      const form = editorOf(target);
      if (form) draftOf(form).composing = kind === "compositionstart";
    });
  }
  document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
    const form = ctx.sourceElement as HTMLFormElement;
    if (form.matches(EDITOR)) send(form, ctx.request);
  });
  document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
    const form = ctx.sourceElement as HTMLFormElement;
    if (!form.matches(EDITOR)) return;
    settle(form, ctx.request, isTaken(ctx));
  });
  document.addEventListener("htmx:after:process", ({ target }) => {
    (target as Element).querySelectorAll<HTMLFormElement>(EDITOR).forEach(putBack);
  });
}

/** Whether an editor has words that aren't saved yet, or not even written to their end. */
export function isUnsaved(form: HTMLFormElement): boolean {
  return unsaved.has(form);
}

/** Whether an input method is at work on it. */
export function isComposing(form: HTMLFormElement): boolean {
  return draftOf(form).composing;
}

/** Tells that an editor goes on from another's text. */
export function goOnFromOther(form: HTMLFormElement): void {
  draftOf(form).writer = undefined;
}

/**
 * Saves what is typed and not saved yet. What couldn't be stays in the page, to be tried again.
 *
 * @param tell Called with what isn't saved as this begins, and with what isn't when it ends; the
 * second time only, if that is nothing.
 */
export async function saveAll(tell: (texts: UnsavedText[]) => Promise<void>): Promise<void> {
  const texts = unsavedTexts();
  if (texts.length > 0) {
    const told = tell(texts);
    await Promise.all([...unsaved].map(save));
    await told;
  }
  await tell(unsavedTexts());
}

function unsavedTexts(): UnsavedText[] {
  const texts = new Map(unsent);
  for (const form of unsaved) {
    const fields = [...new FormData(form)].map(([name, value]) => [name, String(value)]);
    texts.set(form.getAttribute("hx-post") ?? "", new URLSearchParams(fields));
  }
  return [...texts].map(([path, fields]) => ({ path, fields: Object.fromEntries(fields) }));
}

/** Resolves when a form's text is saved, or was refused. */
async function save(form: HTMLFormElement): Promise<void> {
  // Words may come while those before them are on their way: then once more.
  while (isUnsaved(form)) {
    const answer = nextAnswer(form);
    const isSent = draftOf(form).text === "sent";
    if (!isSent && !form.isConnected) return;
    if (!isSent) form.requestSubmit();
    if (!await answer && !isSent) return;
  }
}

/** Whether the next text that this form sends is saved. */
function nextAnswer(form: HTMLFormElement): Promise<boolean> {
  return new Promise((resolve) => {
    const listen = ({ detail: { ctx } }: DocumentEventMap["htmx:finally:request"]) => {
      if (ctx.sourceElement !== form) return;
      document.removeEventListener("htmx:finally:request", listen);
      resolve(isTaken(ctx));
    };
    document.addEventListener("htmx:finally:request", listen);
  });
}

function isTaken({ response }: RequestContext): boolean {
  return response !== undefined && response.status < 400;
}

function draftOf(form: HTMLFormElement): Draft {
  const known = drafts.get(form);
  if (known) return known;
  const draft: Draft = { text: "saved", composing: false };
  drafts.set(form, draft);
  return draft;
}

function mark(form: HTMLFormElement, text: Draft["text"]): void {
  draftOf(form).text = text;
  if (text === "saved") unsaved.delete(form);
  else unsaved.add(form);
}

function editorOf(field: EventTarget | null): HTMLFormElement | undefined {
  const form = (field as HTMLInputElement).form;
  return form?.matches(EDITOR) ? form : undefined;
}

function send(form: HTMLFormElement, request: HtmxRequestOptions): void {
  const draft = draftOf(form);
  draft.writer ??= String(Math.random());
  // As it is now: the request may have waited for the one before.
  const fields = [...new FormData(form, request.submitter)];
  request.body = new URLSearchParams(fields.map(([name, value]) => [name, String(value)]));
  request.body.set("writer", draft.writer);
  mark(form, "sent");
}

function settle(form: HTMLFormElement, request: HtmxRequestOptions, isSaved: boolean): void {
  if (isSaved) unsent.delete(request.action);
  else if (request.body instanceof URLSearchParams) unsent.set(request.action, request.body);
  // Otherwise more has been typed since.
  if (draftOf(form).text === "sent") mark(form, isSaved ? "saved" : "typed");
}

function putBack(form: HTMLFormElement): void {
  const text = unsent.get(form.getAttribute("hx-post") ?? "");
  if (!text) return;
  for (const [name, value] of text) {
    const field = form.elements.namedItem(name) as HTMLInputElement | null;
    if (field) field.value = value;
  }
  form.requestSubmit();
}
