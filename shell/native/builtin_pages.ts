import { cstring, type Gtk } from "./gtk_symbols.ts";

/** What the window shows by itself when the backend is gone. */
export const STOPPED_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<title>Erth</title>
<style>
  html { height: 100%; background: light-dark(#fdfcfa, #20211f); color: light-dark(#22231f, #e9e8e2) }
  body { display: grid; place-content: center; height: 100%; margin: 0; padding: 0 24px;
    font: 16px/1.5 system-ui, sans-serif }
  main { max-width: 44ch }
  h1 { font-size: 20px; margin: 0 0 8px }
  p { margin: 0 }
</style>
<main role="alert">
  <h1>Erth's engine has stopped.</h1>
  <p>Close this window and start Erth again; your notes are safe.</p>
</main>
`;

/** Shows that page in place of `address`, which a reload asks for again. */
export function showStopped(c: Gtk, view: Deno.PointerValue, address: string | null): void {
  c.webkit.webkit_web_view_load_alternate_html(
    view,
    cstring(STOPPED_PAGE),
    cstring(address ?? "about:blank"),
    null,
  );
}
