import { html } from "hono/html";

/** HTML in which all that came from elsewhere is escaped. No string, so that none is glued to it. */
export interface Html {
  readonly isEscaped: true;
  toString(): string;
}

/** What may stand in a template: text, which is escaped, HTML, lists of both; nothing for the rest. */
export type Part = string | number | boolean | undefined | null | Html | readonly Part[];

/** A template's strings without the spaces at its ends, which only the formatter put there. */
const trimmed = new WeakMap<TemplateStringsArray, TemplateStringsArray>();

/**
 * The tag of all HTML that the shell writes: `` markup`<p>${text}</p>` ``. Attributes without a tag
 * around them are a template too: `` markup`<p ${markup`class="seen"`}>` ``.
 */
export function markup(strings: TemplateStringsArray, ...parts: Part[]): Html {
  let known = trimmed.get(strings);
  if (known === undefined) {
    known = withoutEnds(strings);
    trimmed.set(strings, known);
  }
  // It answers with a promise only if a part is one.
  return html(known, ...parts) as unknown as Html;
}

/** An answer with HTML as its body. */
export function htmlResponse(content: Html, status = 200): Response {
  const headers = { "content-type": "text/html; charset=utf-8" };
  return new Response(content.toString(), { status, headers });
}

function withoutEnds(strings: TemplateStringsArray): TemplateStringsArray {
  const cut = [...strings];
  cut[0] = cut[0]!.trimStart();
  cut.push(cut.pop()!.trimEnd());
  return Object.assign(cut, { raw: strings.raw });
}
