import { markup } from "../presentation/html.ts";

/** What the window shows while somebody has the data folder who doesn't answer. */
export function waitingPage(title: string): string {
  const page = markup`<!doctype html>
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
<main role="status">
  <h1>${title} is still at work elsewhere.</h1>
  <p>Another window or command of ${title} has your data and is just starting, or ending.
    This one goes on by itself as soon as it can.</p>
</main>
`;
  return `data:text/html;charset=utf-8,${encodeURIComponent(page.toString())}`;
}
