import { onSignal } from "./signals.ts";
import { type Gtk, text } from "./symbols.ts";

/**
 * Tells of files that are held over the view. WebKitGTK 2.50 lets a page know that something is let
 * go there, but keeps files from it.
 */
export function watchFiles(
  c: Gtk,
  view: Deno.PointerValue,
  onFiles: (paths: string[]) => void,
): void {
  const { gtk } = c;
  onSignal(
    c,
    view,
    "drag-data-received",
    {
      parameters: ["pointer", "pointer", "i32", "i32", "pointer", "u32", "u32"],
      result: "void",
    },
    (_view, _context, _x, _y, data) => {
      const paths = pathsOf(text(gtk.gtk_selection_data_get_data(data)) ?? "");
      if (paths.length > 0) onFiles(paths);
    },
  );
}

/** The local files of a `text/uri-list` (RFC 2483 §5). */
export function pathsOf(list: string): string[] {
  return list.split(/\r?\n/).flatMap((line) => {
    const url = line.startsWith("file:///") ? URL.parse(line) : null;
    try {
      return url === null ? [] : [decodeURIComponent(url.pathname)];
    } catch {
      return [];
    }
  });
}
