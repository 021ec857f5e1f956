/// <reference lib="dom" />
import { announce } from "./announcing.ts";

const SHOWN_MS = 2000;

/** Copies what a button names in `data-copy`, or the code that it stands over. */
export function startCopying(): void {
  document.addEventListener("click", ({ target }) => {
    const button = (target as Element).closest<HTMLElement>("[data-copy]");
    if (button) copy(button);
  });
}

async function copy(button: HTMLElement): Promise<void> {
  const text = button.dataset.copy ||
    (button.closest(".code")?.querySelector("pre")?.textContent ?? "");
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(text);
    button.focus();
  }
  announce("Copied.");
  button.dataset.done = "";
  setTimeout(() => delete button.dataset.done, SHOWN_MS);
}

/** Where the page may not write to the clipboard by itself. */
function copyBySelection(text: string): void {
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}
