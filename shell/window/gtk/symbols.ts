/**
 * The C functions that the GTK window calls, and nothing more: each symbol costs start time.
 *
 * Signatures are those of the public headers: GLib 2.74 (https://docs.gtk.org/glib/), GObject
 * (https://docs.gtk.org/gobject/), GIO (https://docs.gtk.org/gio/), GTK 3.24
 * (https://docs.gtk.org/gtk3/) and WebKitGTK 4.1 (https://webkitgtk.org/reference/webkit2gtk/).
 * `gboolean`, `gint` and enums are i32, `gsize` and `GType` are usize, `const char *` that the
 * callee copies is a buffer.
 */
const GLIB = {
  g_set_prgname: { parameters: ["buffer"], result: "void" },
  g_setenv: { parameters: ["buffer", "buffer", "i32"], result: "i32" },
  g_unsetenv: { parameters: ["buffer"], result: "void" },
  g_getenv: { parameters: ["buffer"], result: "pointer" },
  g_timeout_add: { parameters: ["u32", "function", "pointer"], result: "u32" },
  g_free: { parameters: ["pointer"], result: "void" },
  g_file_test: { parameters: ["buffer", "i32"], result: "i32" },
  g_file_get_contents: { parameters: ["buffer", "buffer", "buffer", "pointer"], result: "i32" },
  g_mkdir_with_parents: { parameters: ["buffer", "i32"], result: "i32" },
  g_get_user_special_dir: { parameters: ["i32"], result: "pointer" },
  g_get_home_dir: { parameters: [], result: "pointer" },
  g_variant_parse: {
    parameters: ["pointer", "buffer", "pointer", "pointer", "pointer"],
    result: "pointer",
  },
  g_variant_print: { parameters: ["pointer", "i32"], result: "pointer" },
  g_variant_unref: { parameters: ["pointer"], result: "void" },
} as const satisfies Deno.ForeignLibraryInterface;

const GOBJECT = {
  g_signal_connect_data: {
    parameters: ["pointer", "buffer", "function", "pointer", "pointer", "i32"],
    result: "u64",
  },
  g_object_new_with_properties: {
    parameters: ["usize", "u32", "buffer", "buffer"],
    result: "pointer",
  },
  g_object_set_property: { parameters: ["pointer", "buffer", "buffer"], result: "void" },
  g_object_get_property: { parameters: ["pointer", "buffer", "buffer"], result: "void" },
  g_value_init: { parameters: ["buffer", "usize"], result: "pointer" },
  g_value_set_string: { parameters: ["buffer", "buffer"], result: "void" },
  g_value_get_boolean: { parameters: ["buffer"], result: "i32" },
  g_value_set_boolean: { parameters: ["buffer", "i32"], result: "void" },
  g_type_name_from_instance: { parameters: ["pointer"], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

const GIO = {
  g_bus_get_sync: { parameters: ["i32", "pointer", "pointer"], result: "pointer" },
  g_dbus_connection_call_sync: {
    parameters: [
      "pointer",
      "buffer",
      "buffer",
      "buffer",
      "buffer",
      "pointer",
      "pointer",
      "i32",
      "i32",
      "pointer",
      "pointer",
    ],
    result: "pointer",
  },
} as const satisfies Deno.ForeignLibraryInterface;

const GTK = {
  gtk_init_check: { parameters: ["pointer", "pointer"], result: "i32" },
  gtk_main: { parameters: [], result: "void" },
  gtk_main_quit: { parameters: [], result: "void" },
  gtk_main_level: { parameters: [], result: "u32" },
  gtk_settings_get_default: { parameters: [], result: "pointer" },
  gtk_window_new: { parameters: ["i32"], result: "pointer" },
  gtk_window_set_title: { parameters: ["pointer", "buffer"], result: "void" },
  gtk_window_set_icon: { parameters: ["pointer", "pointer"], result: "void" },
  gtk_window_set_default_size: { parameters: ["pointer", "i32", "i32"], result: "void" },
  gtk_window_resize: { parameters: ["pointer", "i32", "i32"], result: "void" },
  gtk_window_set_resizable: { parameters: ["pointer", "i32"], result: "void" },
  gtk_window_set_keep_above: { parameters: ["pointer", "i32"], result: "void" },
  gtk_window_present: { parameters: ["pointer"], result: "void" },
  gtk_widget_set_size_request: { parameters: ["pointer", "i32", "i32"], result: "void" },
  gtk_widget_override_background_color: {
    parameters: ["pointer", "u32", "buffer"],
    result: "void",
  },
  gtk_widget_show_all: { parameters: ["pointer"], result: "void" },
  gtk_widget_hide: { parameters: ["pointer"], result: "void" },
  gtk_widget_grab_focus: { parameters: ["pointer"], result: "void" },
  gtk_widget_destroy: { parameters: ["pointer"], result: "void" },
  gtk_container_add: { parameters: ["pointer", "pointer"], result: "void" },
  gtk_selection_data_get_data: { parameters: ["pointer"], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

const GDK = {
  gdk_display_get_default: { parameters: [], result: "pointer" },
  gdk_event_get_keyval: { parameters: ["pointer", "buffer"], result: "i32" },
  gdk_event_get_state: { parameters: ["pointer", "buffer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

const PIXBUF = {
  gdk_pixbuf_loader_new: { parameters: [], result: "pointer" },
  gdk_pixbuf_loader_write: {
    parameters: ["pointer", "buffer", "usize", "pointer"],
    result: "i32",
  },
  gdk_pixbuf_loader_close: { parameters: ["pointer", "pointer"], result: "i32" },
  gdk_pixbuf_loader_get_pixbuf: { parameters: ["pointer"], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

const WEBKIT = {
  webkit_get_minor_version: { parameters: [], result: "u32" },
  webkit_website_data_manager_get_type: { parameters: [], result: "usize" },
  webkit_website_data_manager_get_cookie_manager: { parameters: ["pointer"], result: "pointer" },
  webkit_cookie_manager_set_persistent_storage: {
    parameters: ["pointer", "buffer", "i32"],
    result: "void",
  },
  webkit_web_context_new_with_website_data_manager: {
    parameters: ["pointer"],
    result: "pointer",
  },
  webkit_web_context_new_ephemeral: { parameters: [], result: "pointer" },
  webkit_web_context_set_cache_model: { parameters: ["pointer", "i32"], result: "void" },
  webkit_web_context_set_spell_checking_enabled: {
    parameters: ["pointer", "i32"],
    result: "void",
  },
  webkit_web_view_new_with_context: { parameters: ["pointer"], result: "pointer" },
  webkit_web_view_get_settings: { parameters: ["pointer"], result: "pointer" },
  webkit_web_view_set_background_color: { parameters: ["pointer", "buffer"], result: "void" },
  webkit_web_view_set_zoom_level: { parameters: ["pointer", "f64"], result: "void" },
  webkit_web_view_get_zoom_level: { parameters: ["pointer"], result: "f64" },
  webkit_web_view_load_uri: { parameters: ["pointer", "buffer"], result: "void" },
  webkit_web_view_get_uri: { parameters: ["pointer"], result: "pointer" },
  webkit_web_view_reload: { parameters: ["pointer"], result: "void" },
  webkit_web_view_load_alternate_html: {
    parameters: ["pointer", "buffer", "buffer", "pointer"],
    result: "void",
  },
  webkit_web_view_evaluate_javascript: {
    parameters: [
      "pointer",
      "buffer",
      "isize",
      "pointer",
      "pointer",
      "pointer",
      "pointer",
      "pointer",
    ],
    result: "void",
  },
  webkit_settings_set_hardware_acceleration_policy: {
    parameters: ["pointer", "i32"],
    result: "void",
  },
  webkit_settings_set_enable_developer_extras: {
    parameters: ["pointer", "i32"],
    result: "void",
  },
  webkit_settings_set_enable_media: { parameters: ["pointer", "i32"], result: "void" },
  webkit_settings_set_enable_page_cache: { parameters: ["pointer", "i32"], result: "void" },
  webkit_navigation_policy_decision_get_navigation_action: {
    parameters: ["pointer"],
    result: "pointer",
  },
  webkit_navigation_action_get_request: { parameters: ["pointer"], result: "pointer" },
  webkit_navigation_action_is_user_gesture: { parameters: ["pointer"], result: "i32" },
  webkit_uri_request_get_uri: { parameters: ["pointer"], result: "pointer" },
  webkit_policy_decision_ignore: { parameters: ["pointer"], result: "void" },
  webkit_policy_decision_download: { parameters: ["pointer"], result: "void" },
  webkit_response_policy_decision_is_mime_type_supported: {
    parameters: ["pointer"],
    result: "i32",
  },
  webkit_context_menu_get_n_items: { parameters: ["pointer"], result: "u32" },
  webkit_context_menu_get_item_at_position: {
    parameters: ["pointer", "u32"],
    result: "pointer",
  },
  webkit_context_menu_item_get_stock_action: { parameters: ["pointer"], result: "i32" },
  webkit_context_menu_remove: { parameters: ["pointer", "pointer"], result: "void" },
  webkit_download_set_destination: { parameters: ["pointer", "buffer"], result: "void" },
} as const satisfies Deno.ForeignLibraryInterface;

/** From the C library: malloc_trim(3). */
const LIBC = {
  malloc_trim: { parameters: ["usize"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** The libraries of the GTK window, opened. */
export type Gtk = ReturnType<typeof openGtk>;

/**
 * Opens the libraries. They stay open for the life of the process: GTK can't be unloaded.
 *
 * @throws {Error} If one of them isn't installed or lacks a function.
 */
export function openGtk() {
  // WebKit first: it brings all the others along, and the loader's work is done once.
  const webkit = Deno.dlopen("libwebkit2gtk-4.1.so.0", WEBKIT).symbols;
  return {
    webkit,
    glib: Deno.dlopen("libglib-2.0.so.0", GLIB).symbols,
    gobject: Deno.dlopen("libgobject-2.0.so.0", GOBJECT).symbols,
    gio: Deno.dlopen("libgio-2.0.so.0", GIO).symbols,
    gtk: Deno.dlopen("libgtk-3.so.0", GTK).symbols,
    gdk: Deno.dlopen("libgdk-3.so.0", GDK).symbols,
    libc: Deno.dlopen("libc.so.6", LIBC).symbols,
    pixbuf: Deno.dlopen("libgdk_pixbuf-2.0.so.0", PIXBUF).symbols,
  };
}

/** A text as C wants it: UTF-8 with a null byte at its end. Null bytes inside are left out. */
export function cstring(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text.replaceAll("\0", "") + "\0");
}

/** A borrowed C string as text; null for a null pointer. */
export function text(pointer: Deno.PointerValue): string | null {
  return pointer === null ? null : Deno.UnsafePointerView.getCString(pointer);
}

/** A whole file as text, by GLib: it needs no permission of Deno's. Empty if it can't be read. */
export function readFile({ glib }: Gtk, path: string): string {
  const contents = new BigUint64Array(1), length = new BigUint64Array(1);
  if (!glib.g_file_get_contents(cstring(path), contents, length, null)) return "";
  const pointer = Deno.UnsafePointer.create(contents[0]!)!;
  const bytes = Deno.UnsafePointerView.getArrayBuffer(pointer, Number(length[0]));
  const text = new TextDecoder().decode(bytes);
  glib.g_free(pointer);
  return text;
}
