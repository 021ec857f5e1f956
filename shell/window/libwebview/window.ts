import { ErthError } from "../../../errors.ts";
import { openInBrowser } from "../../process/browser.ts";
import { floatOnWindows } from "./float_windows.ts";
import { closingScript } from "../native/closing.ts";
import { cstring } from "../gtk/symbols.ts";
import { addMenus, floatOnMac } from "./macos.ts";
import { judge } from "../gtk/policies.ts";
import {
  type NativeWindow,
  type Size,
  SizeHint,
  type WindowOptions,
} from "../native/native_window.ts";
import { type RemoteHandle, RemoteInbox } from "../native/remote.ts";

/**
 * The webview C library, 0.12 (https://github.com/webview/webview/blob/0.12.0/core/include/webview/api.h):
 * WKWebView on macOS, WebView2 on Windows, GTK 4 with WebKitGTK 6.0 on Linux.
 */
const WEBVIEW = {
  webview_create: { parameters: ["i32", "pointer"], result: "pointer" },
  webview_destroy: { parameters: ["pointer"], result: "i32" },
  webview_run: { parameters: ["pointer"], result: "i32" },
  webview_terminate: { parameters: ["pointer"], result: "i32" },
  webview_get_window: { parameters: ["pointer"], result: "pointer" },
  webview_set_title: { parameters: ["pointer", "buffer"], result: "i32" },
  webview_set_size: { parameters: ["pointer", "i32", "i32", "i32"], result: "i32" },
  webview_navigate: { parameters: ["pointer", "buffer"], result: "i32" },
  webview_init: { parameters: ["pointer", "buffer"], result: "i32" },
  webview_eval: { parameters: ["pointer", "buffer"], result: "i32" },
  webview_bind: { parameters: ["pointer", "buffer", "function", "pointer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

// What the library may still call must not go away.
const kept: unknown[] = [];

/**
 * A page view in a window, by libwebview. It leaves out what the library has no functions for:
 * icon, context menu, where downloads go, and a timer to watch the heartbeat with. Tried on Linux; untried on macOS and Windows.
 */
export class LibWebviewWindow implements NativeWindow {
  readonly #c: Deno.DynamicLibrary<typeof WEBVIEW>["symbols"];
  readonly #view: Deno.PointerValue;
  readonly #inbox: RemoteInbox;
  readonly #handle: Omit<RemoteHandle, "mailbox">;
  #origin: string | undefined;
  #alive = true;
  readonly #onClose: WindowOptions["onClose"];

  /** @throws {ErthError} `WEBVIEW_MISSING`: the library isn't there, or the WebView it wants. */
  constructor(options: WindowOptions) {
    const { libraryPath = "" } = options;
    this.#onClose = options.onClose;
    this.#c = open(libraryPath);
    this.#view = this.#c.webview_create(Number(options.devtools ?? false), null);
    if (this.#view === null) {
      throw new ErthError("WEBVIEW_MISSING", "webview_create gave no window");
    }
    const { width, height } = options.size ?? { width: 1100, height: 760 };
    this.setTitle(options.title ?? "Erth");
    this.setSize({ width, height });
    if (Deno.build.os === "darwin") addMenus();
    if (options.float) float(this.#c.webview_get_window(this.#view));
    this.#keepLinksOutside(options.openOutside ?? ((url) => void openInBrowser(url)));
    this.#inbox = new RemoteInbox({
      raise: () => this.raise(),
      quit: () => this.quit(),
      navigate: (url) => this.navigate(url),
      close: () => this.close(),
    });
    const callback = new Deno.UnsafeCallback(
      { parameters: ["pointer", "pointer"], result: "void" },
      (_view, order) => this.#inbox.take(Number(Deno.UnsafePointer.value(order))),
    );
    kept.push(callback);
    this.#handle = {
      kind: "libwebview",
      callback: Deno.UnsafePointer.value(callback.pointer),
      window: Deno.UnsafePointer.value(this.#view),
      libraryPath,
    };
  }

  setTitle(title: string): void {
    this.#c.webview_set_title(this.#view, cstring(title));
  }

  setSize({ width, height, hint = SizeHint.NONE }: Size): void {
    this.#c.webview_set_size(this.#view, width, height, hint);
  }

  navigate(url: string): void {
    this.#origin = new URL(url).origin;
    this.#c.webview_navigate(this.#view, cstring(url));
  }

  evaluate(script: string): void {
    this.#c.webview_eval(this.#view, cstring(script));
  }

  run(): void {
    this.#c.webview_run(this.#view);
    // The window is gone: whoever reaches for it now would find freed memory.
    this.#inbox.close();
  }

  raise(): void {
    this.evaluate("window.focus()");
  }

  /** The page is asked; a person's own closing leaves no time for that, as the library tells too late. */
  close(): void {
    if (this.#onClose === undefined) return this.quit();
    const closing = crypto.randomUUID();
    this.evaluate(closingScript(closing));
    this.#onClose(closing);
  }

  quit(): void {
    this.#c.webview_terminate(this.#view);
  }

  destroy(): void {
    this.#inbox.close();
    if (this.#alive) this.#c.webview_destroy(this.#view);
    this.#alive = false;
  }

  remoteHandle(): RemoteHandle {
    return { ...this.#handle, mailbox: this.#inbox.mailbox };
  }

  /** The library can't refuse a navigation, so the page's own clicks are asked. */
  #keepLinksOutside(openOutside: (url: string) => void): void {
    const callback = new Deno.UnsafeCallback(
      { parameters: ["pointer", "pointer", "pointer"], result: "void" },
      (_id, request) => {
        const [url] = JSON.parse(Deno.UnsafePointerView.getCString(request!));
        if (judge(String(url), this.#origin, true) === "outside") openOutside(String(url));
      },
    );
    kept.push(callback);
    this.#c.webview_bind(this.#view, cstring("erthOpenOutside"), callback.pointer, null);
    this.#c.webview_init(
      this.#view,
      cstring(`addEventListener("click", (event) => {
        const link = event.target.closest?.("a[href]");
        if (!link || link.origin === location.origin) return;
        event.preventDefault();
        erthOpenOutside(link.href);
      }, true);`),
    );
  }
}

function open(path: string): Deno.DynamicLibrary<typeof WEBVIEW>["symbols"] {
  try {
    return Deno.dlopen(path, WEBVIEW).symbols;
  } catch (cause) {
    throw new ErthError("WEBVIEW_MISSING", cause instanceof Error ? cause.message : "", { cause });
  }
}

function float(window: Deno.PointerValue): void {
  if (Deno.build.os === "darwin") floatOnMac(window);
  else if (Deno.build.os === "windows") floatOnWindows(window);
}
