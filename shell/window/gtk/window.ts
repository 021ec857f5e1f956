import { ErthError } from "../../../errors.ts";
import { showStopped } from "./builtin_pages.ts";
import { gdkColor, loadIcon, makeContext, setFlag } from "./context.ts";
import { openInBrowser } from "../../process/browser.ts";
import { prefersDark } from "./desktop.ts";
import { saveDownloads } from "./downloads.ts";
import { watchFiles } from "./files.ts";
import { closeGently, watchHeartbeat, zoomByKeys } from "./habits.ts";
import { trimAfterStart } from "./memory.ts";
import { confineNavigation, trimContextMenu } from "./policies.ts";
import { nativeFunction, onSignal } from "./signals.ts";
import { cstring, type Gtk, openGtk, text } from "./symbols.ts";
import {
  type NativeWindow,
  type Size,
  SizeHint,
  type WindowOptions,
} from "../native/native_window.ts";
import { type RemoteHandle, RemoteInbox } from "../native/remote.ts";
import { sayScript } from "../native/say.ts";

const WEBKIT_HARDWARE_ACCELERATION_POLICY_ALWAYS = 1, WEBKIT_HARDWARE_ACCELERATION_POLICY_NEVER = 2;

/** The newest WebKitGTK whose windows were seen to live without EGL. */
const TRIED_MINOR = 50;

/** A page whose process dies twice within this time isn't loaded a third time. */
const CRASH_LOOP_MS = 10_000;

/** Where GLVND looks for EGL drivers; a file that isn't there means none. */
const EGL_DRIVERS = "__EGL_VENDOR_LIBRARY_FILENAMES", NO_EGL_DRIVERS = "/dev/null/none.json";

/** A page view in a window, by GTK 3 and WebKitGTK 4.1. */
export class GtkWindow implements NativeWindow {
  readonly #c: Gtk;
  readonly #view: Deno.PointerValue;
  readonly #window: Deno.PointerValue;
  readonly #inbox: RemoteInbox;
  readonly #remote: Omit<RemoteHandle, "mailbox">;
  readonly #options: WindowOptions;
  #origin: string | undefined;
  #alive = true;
  #close = () => {};

  /** @throws {ErthError} `WEBVIEW_MISSING`, `NO_DISPLAY` */
  constructor(options: WindowOptions) {
    this.#options = options;
    const c = this.#c = open();
    c.glib.g_set_prgname(cstring(options.name ?? "erth"));
    if (!c.gtk.gtk_init_check(null, null)) throw new ErthError("NO_DISPLAY");
    const { context, view, color } = makeView(c, options);
    this.#view = view;
    const { width, height } = options.size ?? { width: 1100, height: 760 };
    const smallest = options.minimum ?? { width: 360, height: 480 };
    this.#window = c.gtk.gtk_window_new(0);
    // What shows until the page's process has painted for the first time.
    c.gtk.gtk_widget_override_background_color(this.#window, 0, color);
    c.gtk.gtk_window_set_default_size(this.#window, width, height);
    c.gtk.gtk_widget_set_size_request(this.#window, smallest.width, smallest.height);
    c.gtk.gtk_container_add(this.#window, view);
    this.setTitle(options.title ?? "Erth");
    if (options.float) c.gtk.gtk_window_set_keep_above(this.#window, 1);
    if (options.icon) c.gtk.gtk_window_set_icon(this.#window, loadIcon(c, options.icon));

    this.#inbox = new RemoteInbox({
      raise: () => this.raise(),
      quit: () => this.quit(),
      navigate: (url) => this.navigate(url),
      close: () => this.close(),
    });
    const callback = nativeFunction({ parameters: ["pointer"], result: "i32" }, (order) => {
      this.#inbox.take(Number(Deno.UnsafePointer.value(order)));
      return 0; // G_SOURCE_REMOVE
    });
    this.#remote = { kind: "gtk", callback: Deno.UnsafePointer.value(callback), window: 0n };
    this.#listen(context);
  }

  setTitle(title: string): void {
    this.#c.gtk.gtk_window_set_title(this.#window, cstring(title));
  }

  setSize({ width, height, hint = SizeHint.NONE }: Size): void {
    const { gtk } = this.#c;
    gtk.gtk_window_set_resizable(this.#window, Number(hint !== SizeHint.FIXED));
    if (hint === SizeHint.NONE) gtk.gtk_window_resize(this.#window, width, height);
    else gtk.gtk_widget_set_size_request(this.#window, width, height);
  }

  navigate(url: string): void {
    this.#origin = new URL(url).origin;
    this.#c.webkit.webkit_web_view_load_uri(this.#view, cstring(url));
  }

  evaluate(script: string): void {
    const { webkit } = this.#c;
    const source = cstring(script);
    const length = BigInt(source.length - 1);
    webkit.webkit_web_view_evaluate_javascript(
      this.#view,
      source,
      length,
      null,
      null,
      null,
      null,
      null,
    );
  }

  run(): void {
    if (!this.#alive) return;
    this.#c.gtk.gtk_widget_show_all(this.#window);
    this.#c.gtk.gtk_widget_grab_focus(this.#view);
    trimAfterStart(this.#c);
    this.#c.gtk.gtk_main();
  }

  raise(): void {
    if (this.#alive) this.#c.gtk.gtk_window_present(this.#window);
  }

  close(): void {
    if (this.#alive) this.#close();
  }

  quit(): void {
    if (this.#c.gtk.gtk_main_level() > 0) this.#c.gtk.gtk_main_quit();
  }

  destroy(): void {
    this.#inbox.close();
    if (this.#alive) this.#c.gtk.gtk_widget_destroy(this.#window);
  }

  remoteHandle(): RemoteHandle {
    return { ...this.#remote, mailbox: this.#inbox.mailbox };
  }

  #listen(context: Deno.PointerValue): void {
    const c = this.#c;
    const { devtools, heartbeat, downloadDirectory, onDownload, onFiles } = this.#options;
    const { openOutside, title = "Erth" } = this.#options;
    const say = (words: string) => this.evaluate(sayScript(words));
    onSignal(c, this.#window, "destroy", { parameters: ["pointer"], result: "void" }, () => {
      this.#alive = false;
      this.#inbox.close();
      this.quit();
    });
    this.#close = closeGently(c, this.#window, this, this.#options.onClose);
    zoomByKeys(c, this.#window, this.#view);
    confineNavigation(c, this.#view, {
      origin: () => this.#origin,
      openOutside: openOutside ?? ((url) => void openInBrowser(url)),
      navigate: (url) => this.navigate(url),
    });
    if (!devtools) trimContextMenu(c, this.#view);
    saveDownloads(c, context, {
      folder: downloadDirectory,
      finished: (path) => {
        say(`Saved as ${path}`);
        onDownload?.(path);
      },
      failed: (name) => say(`${name} couldn't be saved.`),
    });
    const reload = () => c.webkit.webkit_web_view_reload(this.#view);
    const stopped = () => {
      const address = text(c.webkit.webkit_web_view_get_uri(this.#view));
      showStopped(c, this.#view, address, title);
    };
    let crashed = -Infinity;
    onSignal(
      c,
      this.#view,
      "web-process-terminated",
      { parameters: ["pointer", "i32"], result: "void" },
      () => {
        const again = performance.now() - crashed < CRASH_LOOP_MS;
        crashed = performance.now();
        if (again) stopped();
        else reload();
      },
    );
    if (onFiles !== undefined) watchFiles(c, this.#view, onFiles);
    if (heartbeat !== undefined) watchHeartbeat(c, heartbeat, { stopped, back: reload });
  }
}

function open(): Gtk {
  try {
    return openGtk();
  } catch (cause) {
    throw new ErthError("WEBVIEW_MISSING", cause instanceof Error ? cause.message : "", { cause });
  }
}

/** The view and its context; the page's own process starts at once, beside whatever main does. */
function makeView(c: Gtk, options: WindowOptions) {
  const { webkit, glib } = c;
  const withoutEgl = !options.acceleration && canLiveWithoutEgl(c);
  if (withoutEgl) glib.g_setenv(cstring(EGL_DRIVERS), cstring(NO_EGL_DRIVERS), 1);
  const context = makeContext(c, options.dataDirectory);
  const view = webkit.webkit_web_view_new_with_context(context);
  // The page's process does need EGL.
  if (withoutEgl) glib.g_unsetenv(cstring(EGL_DRIVERS));
  const settings = webkit.webkit_web_view_get_settings(view);
  webkit.webkit_settings_set_hardware_acceleration_policy(
    settings,
    options.acceleration
      ? WEBKIT_HARDWARE_ACCELERATION_POLICY_ALWAYS
      : WEBKIT_HARDWARE_ACCELERATION_POLICY_NEVER,
  );
  webkit.webkit_settings_set_enable_developer_extras(settings, Number(options.devtools ?? false));
  webkit.webkit_settings_set_enable_media(settings, 0);
  webkit.webkit_settings_set_enable_page_cache(settings, 0);
  webkit.webkit_web_view_load_uri(view, cstring("about:blank"));
  const dark = options.dark ?? prefersDark(c);
  if (dark !== undefined) {
    setFlag(c, c.gtk.gtk_settings_get_default(), "gtk-application-prefer-dark-theme", dark);
  }
  const { background = { light: "#fdfcfa", dark: "#20211f" } } = options;
  const color = gdkColor(dark ? background.dark : background.light);
  webkit.webkit_web_view_set_background_color(view, color);
  return { context, view, color };
}

/**
 * Whether the window's own process may skip the graphics drivers. Without acceleration it draws
 * nothing with them, yet loading them costs 70 ms and 20 MiB. On X11 only: Wayland is untried.
 */
function canLiveWithoutEgl({ webkit, gdk, gobject, glib }: Gtk): boolean {
  const display = text(gobject.g_type_name_from_instance(gdk.gdk_display_get_default()));
  return display === "GdkX11Display" &&
    webkit.webkit_get_minor_version() <= TRIED_MINOR &&
    glib.g_getenv(cstring(EGL_DRIVERS)) === null;
}
