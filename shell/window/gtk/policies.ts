import { onSignal } from "./signals.ts";
import { type Gtk, text } from "./symbols.ts";

const OUTSIDE_SCHEMES = ["http:", "https:", "mailto:"];

// WebKitPolicyDecisionType
const NEW_WINDOW_ACTION = 1, RESPONSE = 2;

// WebKitContextMenuAction: entries that make no sense in an app, by their numbers.
const BROWSER_ENTRIES = new Set([
  1, // open link
  2, // open link in a new window
  5, // open image in a new window
  9, // open frame in a new window
  10, // back
  11, // forward
  12, // stop
  13, // reload
]);
const SEPARATOR = 0;

/**
 * What becomes of a wish to go to `url`: shown `here` if it belongs to the app's origin, `outside`
 * (the user's browser) if a person asked for it and the scheme is harmless, else `refused`.
 */
export function judge(
  url: string,
  origin: string | undefined,
  byPerson: boolean,
): "here" | "outside" | "refused" {
  if (url === "about:srcdoc") return "here";
  if (!URL.canParse(url)) return "refused";
  const target = new URL(url);
  // The origin of blob: is that of the page which made it.
  if (origin !== undefined && target.origin === origin) return "here";
  return byPerson && OUTSIDE_SCHEMES.includes(target.protocol) ? "outside" : "refused";
}

/** What a policy needs of its window. */
export interface PolicyHost {
  /** The app's origin; undefined until the first page. */
  origin(): string | undefined;
  openOutside(url: string): void;
  navigate(url: string): void;
}

/** Keeps the view at the app's origin; what lies outside goes to the user's browser. */
export function confineNavigation(c: Gtk, view: Deno.PointerValue, host: PolicyHost): void {
  const { webkit } = c;
  let started = false;
  const decide = (decision: Deno.PointerValue, type: number): boolean => {
    if (type === RESPONSE) {
      if (webkit.webkit_response_policy_decision_is_mime_type_supported(decision)) return false;
      webkit.webkit_policy_decision_download(decision);
      return true;
    }
    const action = webkit.webkit_navigation_policy_decision_get_navigation_action(decision);
    const request = webkit.webkit_navigation_action_get_request(action);
    const url = text(webkit.webkit_uri_request_get_uri(request)) ?? "";
    // The window's own first page; later it would be an empty window, one step back.
    if (url === "about:blank" && !started) {
      started = true;
      return false;
    }
    const byPerson = webkit.webkit_navigation_action_is_user_gesture(action) !== 0;
    const verdict = judge(url, host.origin(), byPerson);
    if (verdict === "here" && type !== NEW_WINDOW_ACTION) return false;
    webkit.webkit_policy_decision_ignore(decision);
    if (verdict === "outside") host.openOutside(url);
    // A link of ours that asks for a second window gets this one.
    else if (verdict === "here") host.navigate(url);
    return true;
  };
  onSignal(
    c,
    view,
    "decide-policy",
    { parameters: ["pointer", "pointer", "i32"], result: "i32" },
    (_view, decision, type) => Number(decide(decision, type)),
  );
}

/** Takes a browser's entries out of the page menu; an empty menu isn't shown. */
export function trimContextMenu(c: Gtk, view: Deno.PointerValue): void {
  const { webkit } = c;
  const trim = (menu: Deno.PointerValue): boolean => {
    let above = SEPARATOR;
    for (let at = 0; at < webkit.webkit_context_menu_get_n_items(menu);) {
      const item = webkit.webkit_context_menu_get_item_at_position(menu, at);
      const action = webkit.webkit_context_menu_item_get_stock_action(item);
      const doubled = action === SEPARATOR && above === SEPARATOR;
      if (doubled || BROWSER_ENTRIES.has(action)) {
        webkit.webkit_context_menu_remove(menu, item);
      } else {
        above = action;
        at++;
      }
    }
    return webkit.webkit_context_menu_get_n_items(menu) === 0;
  };
  onSignal(
    c,
    view,
    "context-menu",
    { parameters: ["pointer", "pointer", "pointer", "pointer"], result: "i32" },
    (_view, menu) => Number(trim(menu)),
  );
}
