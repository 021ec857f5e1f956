import type { Draft } from "../../gateway/drafts.ts";
import { type Html, htmlResponse, markup } from "../../presentation/html.ts";

/** Of a text, as much as tells which it is. */
const SHOWN = 280;

/** What the frame holds while there is something that couldn't be saved: it fetches the offer. */
export function unsavedNotice(): Html {
  return markup`<div id="unsaved" class="toast lasting" hx-get="unsaved" hx-trigger="load"></div>`;
}

/** Answers `GET unsaved` as fragment or JSON, whichever the request accepts. */
export function unsavedScreen(drafts: () => readonly Draft[]): (request: Request) => Response {
  return ({ headers }) => {
    if (headers.get("accept")?.includes("application/json")) {
      return Response.json({ drafts: drafts() });
    }
    return htmlResponse(unsavedFragment(drafts()));
  };
}

/**
 * Offers the first of the drafts, the others after it.
 *
 * @param note The id of the note that the draft before was kept as.
 */
export function unsavedFragment([draft, ...more]: readonly Draft[], note?: string): Html {
  const kept = note !== undefined && markup`<p>Kept as <a href="notes/${note}">a note</a>.</p>`;
  if (draft === undefined) return kept || markup`<p>Discarded.</p>`;
  const { body = "", title = "" } = draft.fields;
  const text = body.length > SHOWN ? `${body.slice(0, SHOWN)} …` : body;
  return markup`
    ${kept}
    <div>
      <p><strong>This couldn't be saved before the end:</strong></p>
      <p>${title || "Untitled"}</p>
      <blockquote>${text}</blockquote>
      ${more.length > 0 && markup`<p>${more.length} more after this one.</p>`}
      <p>
        ${button("keep", draft, "Keep as a note")}
        ${button("discard", draft, "Discard")}
      </p>
    </div>
  `;
}

function button(command: string, { id }: Draft, words: string): Html {
  return markup`
    <button type="button" class="button" hx-post="shell/unsaved/${command}"
      hx-vals="${JSON.stringify({ id })}" hx-target="#unsaved" hx-swap="innerHTML">${words}</button>
  `;
}
