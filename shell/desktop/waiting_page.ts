import { markup } from "../presentation/html.ts";
import { ownPage } from "../presentation/own_page.ts";

/** What the window shows while somebody has the data folder who doesn't answer. */
export function waitingPage(title: string): string {
  const page = ownPage(
    title,
    markup`
      <main role="status">
        <h1>${title} is still at work elsewhere.</h1>
        <p>Another window or command of ${title} has your data and is just starting, or ending.
          This one goes on by itself as soon as it can.</p>
      </main>
    `,
  );
  return `data:text/html;charset=utf-8,${encodeURIComponent(page.toString())}`;
}
