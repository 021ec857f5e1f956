/// <reference lib="dom" />
/** Files from elsewhere, dropped anywhere or chosen in a field with `data-upload`. @module */
import { bringDropped, bringFiles } from "./uploads.ts";

/** Milliseconds for which a movement shows that a file may be let go here. */
const SHOWN_MS = 400;

let hiding: number | undefined;
let isOurs = false;

/** Takes the files that people bring. */
export function startDropping(): void {
  document.addEventListener("dragstart", () => isOurs = true);
  document.addEventListener("dragend", () => isOurs = false);
  document.addEventListener("dragenter", hover);
  document.addEventListener("dragover", hover);
  document.addEventListener("drop", drop);
  document.addEventListener("change", ({ target }) => {
    const field = target as HTMLInputElement;
    if (!field.matches("[type=file][data-upload]")) return;
    const files = Array.from(field.files ?? []);
    field.value = ""; // So that the same one can be chosen again.
    bringFiles(files, threadOf(field.closest("[data-thread]")));
  });
}

function hover(event: DragEvent): void {
  if (!bringsFiles(event)) return;
  event.preventDefault();
  event.dataTransfer!.dropEffect = "copy";
  document.body.classList.add("dropping");
  clearTimeout(hiding);
  hiding = setTimeout(hide, SHOWN_MS);
}

function hide(): void {
  clearTimeout(hiding);
  document.body.classList.remove("dropping");
}

function drop(event: DragEvent): void {
  if (!bringsFiles(event)) return;
  event.preventDefault();
  hide();
  const files = Array.from(event.dataTransfer!.files);
  const thread = threadOf(document.querySelector("[data-thread]"));
  if (files.length > 0) bringFiles(files, thread);
  else bringDropped(thread); // Only the window knows them, which has given them to the shell.
}

/** Whether something is dragged that isn't of this page and holds files. */
function bringsFiles({ dataTransfer }: DragEvent): boolean {
  const types = dataTransfer?.types ?? [];
  // WebKitGTK tells of files only once they are let go; until then they look like a link.
  return types.includes("Files") || (types.includes("text/uri-list") && !isOurs);
}

function threadOf(place: Element | null): string {
  return place instanceof HTMLElement ? place.dataset.thread ?? "" : "";
}
