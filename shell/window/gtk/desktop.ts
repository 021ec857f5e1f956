import { cstring, type Gtk, text } from "./symbols.ts";

const G_BUS_TYPE_SESSION = 2;
const G_DBUS_CALL_FLAGS_NO_AUTO_START = 1;
const G_FILE_TEST_EXISTS = 16;
const PORTAL_MS = 200;

/**
 * Whether the desktop prefers dark, by the portal that GNOME, KDE and others answer
 * (https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.Settings.html);
 * undefined if none answers: then the GTK theme decides.
 */
export function prefersDark(c: Gtk): boolean | undefined {
  const { glib, gio } = c;
  // Without a bus GIO would start one of its own.
  if (!hasSessionBus(c)) return undefined;
  const bus = gio.g_bus_get_sync(G_BUS_TYPE_SESSION, null, null);
  if (bus === null) return undefined;
  const answer = gio.g_dbus_connection_call_sync(
    bus,
    cstring("org.freedesktop.portal.Desktop"),
    cstring("/org/freedesktop/portal/desktop"),
    cstring("org.freedesktop.portal.Settings"),
    cstring("Read"),
    // A floating reference: the call takes it.
    glib.g_variant_parse(
      null,
      cstring("('org.freedesktop.appearance', 'color-scheme')"),
      null,
      null,
      null,
    ),
    null,
    G_DBUS_CALL_FLAGS_NO_AUTO_START,
    PORTAL_MS,
    null,
    null,
  );
  if (answer === null) return undefined;
  const printed = glib.g_variant_print(answer, 1);
  const scheme = /uint32 (\d)/.exec(text(printed) ?? "")?.[1];
  glib.g_free(printed);
  glib.g_variant_unref(answer);
  // 0: no preference, 1: dark, 2: light
  return scheme === undefined || scheme === "0" ? undefined : scheme === "1";
}

function hasSessionBus({ glib }: Gtk): boolean {
  if (glib.g_getenv(cstring("DBUS_SESSION_BUS_ADDRESS")) !== null) return true;
  const runtime = text(glib.g_getenv(cstring("XDG_RUNTIME_DIR")));
  return runtime !== null && glib.g_file_test(cstring(`${runtime}/bus`), G_FILE_TEST_EXISTS) !== 0;
}

/** A null-terminated `char **`. The texts live as long as this object does. */
export class CStrings {
  readonly #texts: Uint8Array<ArrayBuffer>[];
  readonly pointers: BigUint64Array<ArrayBuffer>;

  constructor(texts: readonly string[]) {
    this.#texts = texts.map(cstring);
    this.pointers = new BigUint64Array(texts.length + 1);
    this.#texts.forEach((bytes, at) => {
      this.pointers[at] = Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes));
    });
  }
}
