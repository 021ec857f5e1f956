import { GtkWindow } from "./gtk/window.ts";
import { LibWebviewWindow } from "./libwebview/window.ts";
import type { NativeWindow, Size, WindowOptions } from "./native/native_window.ts";
import type { RemoteHandle } from "./native/remote.ts";

export { remote, type RemoteHandle, type RemoteWindow } from "./native/remote.ts";
export { type Size, SizeHint } from "./native/native_window.ts";

/** What a `Webview` is made with. All of it optional. */
export interface WebviewOptions extends WindowOptions {
  /** `system`: GTK on Linux, libwebview elsewhere. @default {"system"} */
  backend?: "system" | "libwebview";
}

/**
 * A window with a web page in it, in the shape of JSR's `@webview/webview`. It belongs to the main
 * thread; `remote` reaches it from a worker.
 *
 * @example
 * ```ts
 * const window = new Webview({ title: "Erth" });
 * window.navigate("http://127.0.0.1:8000/");
 * window.run(); // until it is closed
 * window.destroy();
 * ```
 */
export class Webview implements Disposable {
  readonly #native: NativeWindow;

  /**
   * Makes the window but doesn't show it yet; the page's process starts meanwhile.
   *
   * @throws {ErthError} `WEBVIEW_MISSING` if the system has no WebView, `NO_DISPLAY` if no screen.
   */
  constructor({ backend = "system", ...options }: WebviewOptions = {}) {
    const withIcon = { ...options, icon: options.icon ?? readIcon() };
    this.#native = backend === "system" && Deno.build.os === "linux"
      ? new GtkWindow(withIcon)
      : new LibWebviewWindow(withIcon);
  }

  /** The window's title. */
  set title(title: string) {
    this.#native.setTitle(title);
  }

  /** Width and height in CSS pixels; `hint` makes them a minimum, a maximum or fixed. */
  set size(size: Size) {
    this.#native.setSize(size);
  }

  /** Loads a page; its origin is from then on the only one that the window shows. */
  navigate(url: URL | string): void {
    this.#native.navigate(String(url));
  }

  /** Runs a script in the page. */
  eval(source: string): void {
    this.#native.evaluate(source);
  }

  /** Shows the window and blocks, events and promises included, until it is closed. */
  run(): void {
    this.#native.run();
  }

  /** Frees the window. */
  destroy(): void {
    this.#native.destroy();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  /** Plain data to post to a worker, which reaches the window by `remote(handle)`. */
  remoteHandle(): RemoteHandle {
    return this.#native.remoteHandle();
  }
}

function readIcon(): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Deno.readFileSync(new URL("./native/icon.png", import.meta.url));
  } catch {
    return undefined;
  }
}
