import { ErthError } from "../../errors.ts";
import type { NativeWindow, WindowOptions } from "./native_window.ts";
/** Placeholder. */
export class LibWebviewWindow {
  constructor(_: WindowOptions) {
    throw new ErthError("WEBVIEW_MISSING");
  }
}
export interface LibWebviewWindow extends NativeWindow {}
