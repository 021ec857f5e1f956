/// <reference lib="dom" />
/** Brings back a conversation that was saved as a file: a field with `data-import`. */
export function startImporting(): void {
  document.addEventListener("change", async ({ target }) => {
    const field = target as HTMLInputElement;
    const path = field.dataset.import;
    const file = field.files?.[0];
    if (!path || !file) return;
    field.value = ""; // So that the same one can be chosen again.
    const values = { file: await file.text() };
    htmx.ajax("POST", path, { values, source: field, target: "#screen" });
  });
}
