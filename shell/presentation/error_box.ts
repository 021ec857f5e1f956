import type { ErthError } from "../../errors.ts";
import { type Html, markup } from "./html.ts";

/** What an error's box has besides the error's words. */
export interface ErrorBoxOptions {
  /** Also what was seen; never of `INTERNAL`, as that says nothing to a person. */
  seen?: boolean;
  /** What a person can do at once. */
  actions?: Html;
}

/** An error as it shows on every screen: what is wrong, what to do, its code. */
export function errorBox(error: ErthError, { actions, seen }: ErrorBoxOptions = {}): Html {
  const { code, detail, hint, message } = error;
  const tells = seen && detail !== "" && code !== "INTERNAL";
  return markup`
    <div class="error" role="alert" data-code="${code}">
      <p><strong>${message}</strong></p>
      <p>${hint}</p>
      ${tells && markup`<p class="seen">${detail}</p>`}
      ${actions}
      <p class="code">${code}</p>
    </div>
  `;
}
