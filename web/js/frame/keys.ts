/// <reference lib="dom" />
/**
 * Keys of the whole page. An element names its own in `data-key`; a field names in `data-enter` what
 * Enter presses; within `data-arrows` the arrows go from link to link.
 *
 * @module
 */
import { leaveEditor } from "../screens/focus.ts";

const FIELD = "input, textarea";
const STOPS = "[type=search], li > :is(a, button)";

/** What `data-key` calls a key: `n`, `escape`, `mod+k` for both Ctrl and Cmd. */
export function keyName(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey">): string {
  const isCommand = event.ctrlKey || event.metaKey;
  return (isCommand ? "mod+" : "") + event.key.toLowerCase();
}

/** Whether a key of this name is a letter, or moves the caret, where one writes. */
export function isTyped(name: string): boolean {
  return !name.startsWith("mod") && !name.startsWith("esc");
}

/** Does what keys stand for. */
export function startKeys(): void {
  document.addEventListener("keydown", press);
  addEventListener("load", () => {
    if (navigator.platform.includes("Mac")) nameKeysAsOnMac();
  });
}

function press(event: KeyboardEvent): void {
  const from = event.target as HTMLElement;
  const stop = stopBeside(from, event.key);
  const goal = from.dataset.enter && event.key === "Enter"
    ? pressedByEnter(event, from.dataset.enter)
    : stop ?? named(event, from);
  if (!goal) return;
  event.preventDefault();
  if (goal === stop || goal.matches(FIELD)) return goal.focus();
  if (goal.matches("a")) leaveEditor(); // What is read next is to have what was written.
  goal.click();
}

/** The link, button or search field above or below, in a list where arrows lead from one to the next. */
function stopBeside(from: HTMLElement, key: string): HTMLElement | undefined {
  if (key !== "ArrowDown" && key !== "ArrowUp") return undefined;
  const list = from.closest("[data-arrows]");
  const stops = [...list?.querySelectorAll<HTMLElement>(STOPS) ?? []];
  return stops[stops.indexOf(from) + (key === "ArrowDown" ? 1 : -1)];
}

function pressedByEnter(event: KeyboardEvent, selector: string): HTMLElement | null {
  // Shift makes a new line, and an input method takes Enter for itself.
  return event.shiftKey || event.isComposing ? null : document.querySelector(selector);
}

function named(event: KeyboardEvent, from: HTMLElement): HTMLElement | null {
  const name = keyName(event);
  if (from.matches(FIELD) && isTyped(name)) return null;
  if (event.key === "Escape" && closesSomethingNearer(from)) return null;
  return document.querySelector(`[data-key~="${CSS.escape(name)}"]:not([hidden])`);
}

function closesSomethingNearer(from: HTMLElement): boolean {
  return Boolean(from.closest(".edit") || document.querySelector(":popover-open"));
}

function nameKeysAsOnMac(): void {
  for (const key of document.querySelectorAll("#keys kbd")) {
    key.textContent = key.textContent.replace("Ctrl", "⌘");
  }
}
