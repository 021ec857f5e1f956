/// <reference lib="dom" />
import { isForNews, type RequestContext } from "../htmx.ts";
import { isFirstScreen, opensScreen } from "./screen.ts";

const sheets = new WeakMap<RequestContext, HTMLElement>();

/** Keeps the focus where it makes sense as screens come and go. */
export function startFocus(): void {
  document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
    const sheet = document.querySelector<HTMLElement>(":popover-open");
    if (sheet) sheets.set(ctx, sheet);
    if (opensScreen(ctx)) leaveEditor();
  });
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (!opensScreen(ctx) || isForNews(ctx) || isFirstScreen(ctx)) return;
    closeSheet(sheets.get(ctx));
    if (document.activeElement !== document.body) return;
    document.querySelector<HTMLElement>("#main")?.focus();
  });
  document.addEventListener("focusin", ({ target }) => {
    const field = target as HTMLInputElement;
    if (field.matches("[type=search]")) field.select();
  });
}

/** Takes the focus from a text that is being written, which saves it. */
export function leaveEditor(): void {
  document.querySelector<HTMLElement>("[data-keep] :focus")?.blur();
}

/** Closes the sheet that something was chosen in; the focus doesn't go back to what opened it. */
function closeSheet(sheet: HTMLElement | undefined): void {
  if (!sheet) return;
  document.querySelector<HTMLElement>(":popover-open :focus")?.blur();
  sheet.hidePopover();
}
