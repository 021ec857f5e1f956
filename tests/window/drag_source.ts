/**
 * A small window titled "Source" that files can be dragged from, as from a file manager. The paths
 * are its arguments.
 *
 * @module
 */
import { pathToFileURL } from "node:url";

const gtk = Deno.dlopen("libgtk-3.so.0", {
  gtk_init_check: { parameters: ["pointer", "pointer"], result: "i32" },
  gtk_window_new: { parameters: ["i32"], result: "pointer" },
  gtk_window_set_title: { parameters: ["pointer", "buffer"], result: "void" },
  gtk_event_box_new: { parameters: [], result: "pointer" },
  gtk_container_add: { parameters: ["pointer", "pointer"], result: "void" },
  gtk_widget_set_size_request: { parameters: ["pointer", "i32", "i32"], result: "void" },
  gtk_widget_show_all: { parameters: ["pointer"], result: "void" },
  gtk_drag_source_set: {
    parameters: ["pointer", "i32", "pointer", "i32", "i32"],
    result: "void",
  },
  gtk_drag_source_add_uri_targets: { parameters: ["pointer"], result: "void" },
  gtk_selection_data_get_target: { parameters: ["pointer"], result: "pointer" },
  gtk_selection_data_set: {
    parameters: ["pointer", "pointer", "i32", "buffer", "i32"],
    result: "void",
  },
  gtk_main: { parameters: [], result: "void" },
}).symbols;
const gobject = Deno.dlopen("libgobject-2.0.so.0", {
  g_signal_connect_data: {
    parameters: ["pointer", "buffer", "function", "pointer", "pointer", "i32"],
    result: "u64",
  },
}).symbols;

const BUTTON_1 = 1 << 8, COPY = 1 << 1;
const bytes = (text: string) => new TextEncoder().encode(text);
const list = bytes(Deno.args.map((path) => `${pathToFileURL(path)}\r\n`).join(""));

gtk.gtk_init_check(null, null);
const window = gtk.gtk_window_new(0);
const box = gtk.gtk_event_box_new();
gtk.gtk_window_set_title(window, bytes("Source\0"));
gtk.gtk_widget_set_size_request(box, 80, 80);
gtk.gtk_container_add(window, box);
gtk.gtk_drag_source_set(box, BUTTON_1, null, 0, COPY);
gtk.gtk_drag_source_add_uri_targets(box);
const give = new Deno.UnsafeCallback(
  { parameters: ["pointer", "pointer", "pointer", "u32", "u32", "pointer"], result: "void" },
  (_box, _context, data) => {
    const target = gtk.gtk_selection_data_get_target(data);
    gtk.gtk_selection_data_set(data, target, 8, list, list.length);
  },
);
gobject.g_signal_connect_data(box, bytes("drag-data-get\0"), give.pointer, null, null, 0);
gtk.gtk_widget_show_all(window);
gtk.gtk_main();
