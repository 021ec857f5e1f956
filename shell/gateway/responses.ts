import type { ErthError } from "../../errors.ts";
import { errorBox } from "../presentation/error_box.ts";
import { type Html, htmlResponse, markup } from "../presentation/html.ts";
import type { Guard } from "./guard.ts";

/** On every answer: what a browser may do with it. */
export const PAGE_HEADERS: readonly (readonly [string, string])[] = [
  [
    "content-security-policy",
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'self'; " +
    "frame-ancestors 'none'",
  ],
  ["x-content-type-options", "nosniff"],
  ["x-frame-options", "DENY"],
  // Not `no-referrer`: under it WebKitGTK sends `Origin: null` with posts.
  ["referrer-policy", "same-origin"],
  ["cross-origin-resource-policy", "same-origin"],
  ["cache-control", "no-store"],
];

/**
 * Cuts the ties to a page that opened this one. Left out where the person went there (Fetch
 * Metadata: `none`), as nobody opened it then: in a new window it would make WebKit start another
 * page process and throw away the one that is ready, 130 ms in all.
 */
export function openerPolicy(request: Request): readonly [string, string][] {
  if (request.headers.get("sec-fetch-site") === "none") return [];
  return [["cross-origin-opener-policy", "same-origin"]];
}

const METHODS = "GET, POST, PUT, PATCH, DELETE";
const HEADERS = "authorization, content-type, idempotency-key, hx-request, hx-current-url, " +
  "hx-target, hx-source, hx-boosted, hx-request-type, last-event-id";

/** Answers `OPTIONS` before authentication (Fetch §4.8): the own origin may, others get nothing. */
export function preflight(request: Request, guard: Guard): Response {
  const origin = request.headers.get("origin");
  const headers = new Headers({ vary: "origin" });
  if (origin === null || !guard.isOwnOrigin(origin)) {
    return new Response(null, { status: 403, headers });
  }
  headers.set("access-control-allow-origin", origin);
  headers.set("access-control-allow-methods", METHODS);
  headers.set("access-control-allow-headers", HEADERS);
  headers.set("access-control-max-age", "600");
  return new Response(null, { status: 204, headers });
}

/**
 * An error as JSON, or as the fragment that htmx puts where the answer would have gone.
 *
 * @param route What to try again, without the prefix.
 */
export function errorResponse(error: ErthError, request: Request, route: string): Response {
  const accept = request.headers.get("accept") ?? "";
  if (accept.includes("application/json")) {
    return Response.json(error, { status: error.status });
  }
  const again = request.method === "GET" && error.recoverable;
  const box = errorBox(error, { actions: again ? tryAgain(route) : undefined });
  const navigates = request.headers.get("sec-fetch-mode") === "navigate";
  return htmlResponse(navigates ? errorPage(error, box) : box, error.status);
}

function tryAgain(route: string): Html {
  return markup`
    <p><a class="button" href="${route}">Try again</a> <a href="status">Status</a></p>
  `;
}

/** Without the frame there is no style sheet either: another site must learn nothing of them. */
function errorPage({ message }: ErthError, box: Html): Html {
  return markup`
    <!doctype html>
    <html lang="en">
      <meta charset="utf-8">
      <meta name="color-scheme" content="light dark">
      <title>${message}</title>
      ${box}
    </html>
  `;
}
