/// <reference lib="dom" />
import { saveAll } from "./editing.ts";

/** Saves what was typed when Erth is about to end, and says so once it is saved. */
export function startClosing(): void {
  document.addEventListener("erth:closing", () => {
    saveAll().then(
      () => fetch("shell/saved", { method: "POST" }),
      (error) => console.warn(error.message),
    );
  });
}
