/// <reference lib="dom" />
import { openScreen } from "./screen.ts";

// Not the whole page: a conversation may be long.
const LISTS = ["#found", ".rail", ".list"];
const LINKS = ".rail > a, .items a";

/** Whether a link leads to the screen of a path, or to one around it. */
export function isCurrent(link: string, path: string): boolean {
  // Conversations that aren't kept belong to Chat.
  const place = path.replace(/\/temporary(?=\/|$)/, "/chat");
  return `${place}/`.startsWith(`${link}/`);
}

/** Shows where one is, by the links that lead there, and goes back there. */
export function startPlaces(): void {
  document.addEventListener("htmx:after:swap", () => {
    for (const list of LISTS) {
      const within = document.querySelector(list);
      for (const link of within?.querySelectorAll<HTMLAnchorElement>(LINKS) ?? []) {
        link.ariaCurrent = isCurrent(link.pathname, location.pathname) ? "page" : null;
      }
    }
  });
  document.addEventListener("htmx:before:history:restore", (event) => {
    event.preventDefault();
    openScreen(event.detail.path);
  });
}
