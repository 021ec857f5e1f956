import { onSignal } from "./signals.ts";
import { cstring, type Gtk, text } from "./symbols.ts";

const G_FILE_TEST_EXISTS = 16;
const G_USER_DIRECTORY_DOWNLOAD = 2;

/** What becomes of downloads. */
export interface DownloadHost {
  /** @default {the user's Downloads folder} */
  folder?: string;
  finished(path: string): void;
  failed(name: string): void;
}

/**
 * A path in `folder` for a file of the suggested name that `exists` doesn't know: `a.txt`, then
 * `a (2).txt`. The name can't leave the folder nor hide in it.
 */
export function freePath(
  folder: string,
  suggested: string,
  exists: (path: string) => boolean,
): string {
  // deno-lint-ignore no-control-regex -- control characters have no place in a file name
  const clean = suggested.replaceAll(/[/\\\u0000-\u001f\u007f]/g, "_").replace(/^[. ]+/, "");
  const name = clean.slice(-78) || "download";
  const dot = name.lastIndexOf(".");
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  for (let n = 1;; n++) {
    const path = `${folder}/${stem}${n === 1 ? "" : ` (${n})`}${ending}`;
    if (!exists(path)) return path;
  }
}

/** Saves downloads of every view of a WebKitWebContext, without asking and without overwriting. */
export function saveDownloads(c: Gtk, context: Deno.PointerValue, host: DownloadHost): void {
  const underWay = new Set<string>();
  const exists = (path: string) =>
    underWay.has(path) || c.glib.g_file_test(cstring(path), G_FILE_TEST_EXISTS) !== 0;

  const start = (download: Deno.PointerValue) => {
    let path: string | undefined;
    let failed = false;
    onSignal(
      c,
      download,
      "decide-destination",
      { parameters: ["pointer", "pointer"], result: "i32" },
      (_download, suggested) => {
        const folder = host.folder ?? downloadsFolder(c);
        c.glib.g_mkdir_with_parents(cstring(folder), 0o755);
        path = freePath(folder, text(suggested) ?? "", exists);
        underWay.add(path);
        c.webkit.webkit_download_set_destination(download, cstring(destinationOf(path)));
        return 1;
      },
    );
    onSignal(c, download, "failed", { parameters: ["pointer", "pointer"], result: "void" }, () => {
      failed = true;
    });
    // Comes after "failed" as well.
    onSignal(c, download, "finished", { parameters: ["pointer"], result: "void" }, () => {
      if (path === undefined) return;
      underWay.delete(path);
      if (failed) host.failed(path.slice(path.lastIndexOf("/") + 1));
      else host.finished(path);
    });
  };
  onSignal(
    c,
    context,
    "download-started",
    { parameters: ["pointer", "pointer"], result: "void" },
    (_context, download) => start(download),
  );
}

/** In the 4.1 API a destination is a URI. */
function destinationOf(path: string): string {
  return `file://${path.split("/").map(encodeURIComponent).join("/")}`;
}

function downloadsFolder({ glib }: Gtk): string {
  return text(glib.g_get_user_special_dir(G_USER_DIRECTORY_DOWNLOAD)) ??
    `${text(glib.g_get_home_dir())}/Downloads`;
}
