/// <reference lib="dom" />
import { saveAll, type UnsavedText } from "./editing.ts";

const QUIET_MS = 100;

/** What the page says to the shell: once before it saves, if there is something, and once after. */
interface Confirmation {
  /** Which closing it answers. */
  closing: string;
  /** Which page it is. */
  page: string;
  unsaved: UnsavedText[];
}

/** Saves what was typed when the window closes or Erth ends, and says how far that has come. */
export function startClosing(): void {
  const page = String(Math.random());
  document.addEventListener("erth:closing", async (event) => {
    const { closing } = (event as CustomEvent<{ closing: string }>).detail;
    event.preventDefault();
    await quiet();
    await saveAll((unsaved) => say({ closing, page, unsaved }));
  });
}

/** Resolves once no words come any more: a slow page gets keys after it is told to close. */
function quiet(): Promise<void> {
  return new Promise((resolve) => {
    let timer = 0;
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        document.removeEventListener("input", wait);
        resolve();
      }, QUIET_MS);
    };
    document.addEventListener("input", wait);
    wait();
  });
}

async function say(said: Confirmation): Promise<void> {
  try {
    await fetch("shell/saved", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(said),
    });
  } catch {
    // Nobody is there any more who could keep it.
  }
}
