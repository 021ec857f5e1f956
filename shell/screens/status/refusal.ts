import type { ErthError } from "../../../errors.ts";
import { markup } from "../../presentation/html.ts";
import { ownPage } from "../../presentation/own_page.ts";

/** An error as a page of its own, without a server: `data:` (RFC 2397). */
export function refusalPage({ message, detail, hint, code }: ErthError, title: string): string {
  const page = ownPage(
    title,
    markup`
      <main role="alert">
        <h1>${message}</h1>
        <p>${detail}</p>
        <p>${hint}</p>
        <p><small>${code}</small></p>
      </main>
    `,
  );
  return `data:text/html;charset=utf-8,${encodeURIComponent(page.toString())}`;
}
