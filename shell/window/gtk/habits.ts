import { nativeFunction, onSignal } from "./signals.ts";
import type { Gtk } from "./symbols.ts";
import { Heartbeat, HEARTBEAT_MS } from "../native/heartbeat.ts";
import { closingScript } from "../native/closing.ts";
import type { NativeWindow } from "../native/native_window.ts";

/** How long a closed window stays, unseen, if nobody tells it when the page has saved. */
const LAST_WORDS_MS = 200;
/** How long it stays if somebody should have told, and doesn't. */
const LONGEST_MS = 10_000;

const CONTROL = 1 << 2, ALT = 1 << 3;
const ZOOM_STEPS = [0.5, 0.67, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2, 2.5, 3];
// Key values of gdkkeysyms.h: the digit row and the number pad.
const LARGER = [0x2b, 0x3d, 0xffab], SMALLER = [0x2d, 0xffad], NORMAL = [0x30, 0xffb0];

/** The next zoom in a direction: 1 larger, -1 smaller; the last step stays. */
export function nextZoom(now: number, direction: 1 | -1): number {
  const steps = direction === 1 ? ZOOM_STEPS : ZOOM_STEPS.toReversed();
  return steps.find((step) => (step - now) * direction > 0.01) ?? now;
}

/** Ctrl + plus, minus and zero. */
export function zoomByKeys(c: Gtk, window: Deno.PointerValue, view: Deno.PointerValue): void {
  const { gdk, webkit } = c;
  const keyval = new Uint32Array(1), state = new Uint32Array(1);
  const zoomFor = (key: number, now: number): number | undefined => {
    if (LARGER.includes(key)) return nextZoom(now, 1);
    if (SMALLER.includes(key)) return nextZoom(now, -1);
    return NORMAL.includes(key) ? 1 : undefined;
  };
  onSignal(
    c,
    window,
    "key-press-event",
    { parameters: ["pointer", "pointer"], result: "i32" },
    (_window, event) => {
      gdk.gdk_event_get_state(event, state);
      if ((state[0]! & (CONTROL | ALT)) !== CONTROL) return 0;
      gdk.gdk_event_get_keyval(event, keyval);
      const zoom = zoomFor(keyval[0]!, webkit.webkit_web_view_get_zoom_level(view));
      if (zoom === undefined) return 0;
      webkit.webkit_web_view_set_zoom_level(view, zoom);
      return 1;
    },
  );
}

/**
 * Closing hides the window at once and ends `run()` later: the page is told, and saves. The function
 * that this returns closes it likewise.
 */
export function closeGently(
  c: Gtk,
  window: Deno.PointerValue,
  native: NativeWindow,
  onClose?: (closing: string) => void,
): () => void {
  const end = nativeFunction({ parameters: ["pointer"], result: "i32" }, () => {
    native.quit();
    return 0; // G_SOURCE_REMOVE
  });
  let isClosed = false;
  const close = () => {
    if (isClosed) return;
    isClosed = true;
    const closing = crypto.randomUUID();
    native.evaluate(closingScript(closing));
    c.gtk.gtk_widget_hide(window);
    c.glib.g_timeout_add(onClose === undefined ? LAST_WORDS_MS : LONGEST_MS, end, null);
    onClose?.(closing);
  };
  const event = { parameters: ["pointer", "pointer"], result: "i32" } as const;
  onSignal(c, window, "delete-event", event, () => {
    close();
    return 1;
  });
  return close;
}

/** Tells when the backend's counter rests, and when it moves again. */
export function watchHeartbeat(
  c: Gtk,
  counter: SharedArrayBuffer,
  tell: { stopped(): void; back(): void },
): void {
  const heartbeat = new Heartbeat(counter);
  const tick = nativeFunction({ parameters: ["pointer"], result: "i32" }, () => {
    const change = heartbeat.tick();
    if (change !== undefined) tell[change]();
    return 1; // G_SOURCE_CONTINUE
  });
  c.glib.g_timeout_add(HEARTBEAT_MS, tick, null);
}
