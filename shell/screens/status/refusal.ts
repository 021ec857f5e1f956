import type { ErthError } from "../../../errors.ts";
import { markup } from "../../presentation/html.ts";

/** An error as a page of its own, without a server: `data:` (RFC 2397). */
export function refusalPage({ message, detail, hint, code }: ErthError, title: string): string {
  const page = markup`
    <!doctype html>
    <html lang="en">
    <meta charset="utf-8">
    <meta name="color-scheme" content="light dark">
    <title>${title}</title>
    <style>
      body { font: 16px/1.5 system-ui; max-width: 40rem; margin: 4rem auto; padding: 0 2rem }
    </style>
    <main role="alert">
      <h1>${message}</h1>
      <p>${detail}</p>
      <p>${hint}</p>
      <p><small>${code}</small></p>
    </main>
    </html>
  `;
  return `data:text/html;charset=utf-8,${encodeURIComponent(page.toString())}`;
}
