import { type Html, markup } from "../../presentation/html.ts";
import { cstring, type Gtk } from "./symbols.ts";

/** What the window shows by itself when the backend is gone. */
const stoppedPage = (title: string): Html =>
  markup`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>
  html { height: 100%; background: light-dark(#fdfcfa, #20211f); color: light-dark(#22231f, #e9e8e2) }
  body { display: grid; place-content: center; height: 100%; margin: 0; padding: 0 24px;
    font: 16px/1.5 system-ui, sans-serif }
  main { max-width: 44ch }
  h1 { font-size: 20px; margin: 0 0 8px }
  p { margin: 0 }
</style>
<main role="alert">
  <h1>${title} has stopped working.</h1>
  <p>Close this window and start ${title} again; what you wrote is safe.</p>
</main>
`;

/** Shows that page in place of `address`, which a reload asks for again. */
export function showStopped(
  c: Gtk,
  view: Deno.PointerValue,
  address: string | null,
  title: string,
): void {
  c.webkit.webkit_web_view_load_alternate_html(
    view,
    cstring(stoppedPage(title).toString()),
    cstring(address ?? "about:blank"),
    null,
  );
}
