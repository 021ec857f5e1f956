import { CStrings } from "./desktop.ts";
import { cstring, type Gtk } from "./symbols.ts";

const G_TYPE_STRING = 64, G_TYPE_BOOLEAN = 20;
const GVALUE_BYTES = 24;
const WEBKIT_CACHE_MODEL_DOCUMENT_BROWSER = 2;
const WEBKIT_COOKIE_PERSISTENT_STORAGE_TEXT = 0;

/**
 * A WebKitWebContext: one network process, no spell checker, small caches: with none, each use of an
 * icon would fetch all of them anew. Without a folder nothing reaches the disk; with one, cookies
 * are kept there.
 */
export function makeContext(c: Gtk, dataDirectory: string | undefined): Deno.PointerValue {
  const { webkit } = c;
  const context = dataDirectory === undefined
    ? webkit.webkit_web_context_new_ephemeral()
    : persistentContext(c, dataDirectory);
  webkit.webkit_web_context_set_cache_model(context, WEBKIT_CACHE_MODEL_DOCUMENT_BROWSER);
  webkit.webkit_web_context_set_spell_checking_enabled(context, 0);
  return context;
}

function persistentContext(c: Gtk, folder: string): Deno.PointerValue {
  const { webkit, gobject } = c;
  c.glib.g_mkdir_with_parents(cstring(folder), 0o700);
  const names = ["base-data-directory", "base-cache-directory"];
  const values = new Uint8Array(GVALUE_BYTES * names.length);
  for (const at of names.keys()) {
    const value = values.subarray(at * GVALUE_BYTES, (at + 1) * GVALUE_BYTES);
    gobject.g_value_init(value, BigInt(G_TYPE_STRING));
    gobject.g_value_set_string(value, cstring(folder));
  }
  const manager = gobject.g_object_new_with_properties(
    BigInt(webkit.webkit_website_data_manager_get_type()),
    names.length,
    new CStrings(names).pointers,
    values,
  );
  const context = webkit.webkit_web_context_new_with_website_data_manager(manager);
  webkit.webkit_cookie_manager_set_persistent_storage(
    webkit.webkit_website_data_manager_get_cookie_manager(manager),
    cstring(`${folder}/cookies.txt`),
    WEBKIT_COOKIE_PERSISTENT_STORAGE_TEXT,
  );
  return context;
}

/** Sets a boolean property of a GObject, unless it is so already: listeners may work long at it. */
export function setFlag(
  { gobject }: Gtk,
  object: Deno.PointerValue,
  name: string,
  flag: boolean,
): void {
  const value = new Uint8Array(GVALUE_BYTES);
  gobject.g_value_init(value, BigInt(G_TYPE_BOOLEAN));
  gobject.g_object_get_property(object, cstring(name), value);
  if ((gobject.g_value_get_boolean(value) !== 0) === flag) return;
  gobject.g_value_set_boolean(value, Number(flag));
  gobject.g_object_set_property(object, cstring(name), value);
}

/** A `#rrggbb` colour as GdkRGBA: four doubles. */
export function gdkColor(hex: string): Float64Array<ArrayBuffer> {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
  return Float64Array.of(red!, green!, blue!, 1);
}

/** The GdkPixbuf of a PNG; null if it can't be read. */
export function loadIcon({ pixbuf }: Gtk, png: Uint8Array<ArrayBuffer>): Deno.PointerValue {
  const loader = pixbuf.gdk_pixbuf_loader_new();
  pixbuf.gdk_pixbuf_loader_write(loader, png, BigInt(png.length), null);
  pixbuf.gdk_pixbuf_loader_close(loader, null);
  // Belongs to the loader, which is kept: one icon a window.
  return pixbuf.gdk_pixbuf_loader_get_pixbuf(loader);
}
