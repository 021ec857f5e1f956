import { type Html, htmlResponse, markup } from "../presentation/html.ts";

/** How something stands, as a coloured dot. */
export function dot(state: string): Html {
  return markup`<span class="dot" data-state="${state}"></span>`;
}

/** How far something is: `done` out of `total`; without `done` nobody knows. */
export function progressBar(label: string, done?: number, total = 1): Html {
  const known = done === undefined ? undefined : markup`max="${total}" value="${done}"`;
  return markup`<progress ${known} aria-label="${label}"></progress>`;
}

/** Names and what there is to say of each. */
export function factList(rows: readonly (readonly [string, string | Html])[], kind = ""): Html {
  const items = rows.map(([name, fact]) => markup`<div><dt>${name}</dt><dd>${fact}</dd></div>`);
  return markup`<dl class="facts${kind}">${items}</dl>`;
}

/** Attributes of what gives the shell a command and shows the screen that answers. */
export function gives(command: string): Html {
  return markup`hx-post="shell/${command}" hx-target="#screen" hx-swap="innerMorph" data-here`;
}

/** What a screen says to each kind of reader. */
export interface Answers {
  json: () => unknown;
  text: () => string;
  html: () => Html;
}

/** Answers with JSON, text or a fragment, whichever the request accepts. */
export function answer({ headers }: Request, { html, json, text }: Answers): Response {
  const accept = headers.get("accept") ?? "";
  if (accept.includes("application/json")) return Response.json(json());
  if (!accept.includes("text/plain")) return htmlResponse(html());
  return new Response(text(), { headers: { "content-type": "text/plain; charset=utf-8" } });
}
