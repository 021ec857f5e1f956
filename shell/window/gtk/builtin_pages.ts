import { type Html, markup } from "../../presentation/html.ts";
import { ownPage } from "../../presentation/own_page.ts";
import { cstring, type Gtk } from "./symbols.ts";

/** What the window shows by itself when the backend is gone. */
const stoppedPage = (title: string): Html =>
  ownPage(
    title,
    markup`
      <main role="alert">
        <h1>${title} has stopped working.</h1>
        <p>Close this window and start ${title} again; what you wrote is safe.</p>
      </main>
    `,
  );

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
