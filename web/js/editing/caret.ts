/// <reference lib="dom" />
import { EDITOR, goOnFromOther } from "./editing.ts";
import { morphsPane } from "./holding.ts";
import type { RequestContext } from "../htmx.ts";

type Field = HTMLInputElement | HTMLTextAreaElement;

/** A field as it was before another's text came. */
interface Before {
  id: string;
  value: string;
  start: number | null;
  end: number | null;
  scrollTop: number;
}

/** How many characters around a place may tell it again, the most telling first. */
const REACHES = [80, 20, 5];

/** Where in a text the words stand that were around a place in the text before it. */
export function placeIn(text: string, before: string, place: number): number {
  if (text.startsWith(before.slice(0, place))) return place;
  if (text.endsWith(before.slice(place))) return text.length - before.length + place;
  for (const reach of REACHES) {
    const start = Math.max(0, place - reach);
    const found = text.indexOf(before.slice(start, place + reach));
    if (found >= 0) return found + place - start;
  }
  return Math.min(place, text.length);
}

/** Shows the text that came for a field; the caret stays with its words, and they in sight. */
export function startCaret(): void {
  const fields = new WeakMap<RequestContext, Before[]>();
  document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => {
    if (!morphsPane(ctx)) return;
    const all = document.querySelectorAll<Field>(`${EDITOR} :is(input, textarea)`);
    fields.set(ctx, [...all].map(remember));
  });
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    fields.get(ctx)?.forEach(renew);
  });
}

function remember(field: Field): Before {
  const { id, value, selectionStart: start, selectionEnd: end, scrollTop } = field;
  return { id, value, start, end, scrollTop };
}

function renew(before: Before): void {
  const field = document.getElementById(before.id) as Field | null;
  if (!field || field.defaultValue === before.value) return;
  const text = field.defaultValue;
  field.value = text;
  if (field.form) goOnFromOther(field.form);
  field.scrollTop = before.scrollTop;
  if (field !== document.activeElement || before.start === null || before.end === null) return;
  const start = placeIn(text, before.value, before.start);
  field.setSelectionRange(start, placeIn(text, before.value, before.end));
  const lines = countLines(text.slice(0, start)) -
    countLines(before.value.slice(0, before.start));
  field.scrollTop = before.scrollTop + lines * parseFloat(getComputedStyle(field).lineHeight);
}

function countLines(text: string): number {
  return text.split("\n").length;
}
