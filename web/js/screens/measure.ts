/// <reference lib="dom" />
import { isFirstScreen } from "./screen.ts";

/** Tells when the page is loaded and its first fragment stands, if this start is measured. */
export function startMeasure(): void {
  if (document.documentElement.dataset.measured !== "true") return;
  const tell = (event: string) => navigator.sendBeacon(`shell/measure?event=${event}`);
  addEventListener("load", () => tell("loaded"));
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (isFirstScreen(ctx)) tell("fragment");
  });
}
