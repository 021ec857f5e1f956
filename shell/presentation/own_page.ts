import { type Html, markup } from "./html.ts";

/** A whole page that needs nothing from a server, in the frame's colours: what a window has to say. */
export function ownPage(title: string, content: Html): Html {
  return markup`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>
  html { height: 100%; background: light-dark(#fdfcfa, #20211f); color: light-dark(#22231f, #e9e8e2) }
  body { display: grid; place-content: center; height: 100%; margin: 0; padding: 0 24px;
    font: 16px/1.5 system-ui, sans-serif }
  main { max-width: 44ch; overflow-wrap: anywhere }
  h1 { font-size: 20px; margin: 0 0 8px }
  p { margin: 0 0 8px }
</style>
${content}
</html>
`;
}
