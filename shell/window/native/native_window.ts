import type { RemoteHandle } from "./remote.ts";

/** What `size` means, with the numbers of the webview C library. */
export const SizeHint = { NONE: 0, MIN: 1, MAX: 2, FIXED: 3 } as const;
export type SizeHint = typeof SizeHint[keyof typeof SizeHint];

/** Width and height of the content, in CSS pixels. */
export interface Size {
  width: number;
  height: number;
  /** @default {SizeHint.NONE} */
  hint?: SizeHint;
}

/** What a window is made with. All of it optional. */
export interface WindowOptions {
  /** @default {"Erth"} */
  title?: string;
  /** The program's name for the desktop (X11's WM_CLASS, Wayland's app id). @default {"erth"} */
  name?: string;
  /** @default {1100 × 760} */
  size?: Size;
  /** Smallest size a person can drag the window to. @default {360 × 480} */
  minimum?: Size;
  /** A PNG. @default {native/icon.png, if it is there} */
  icon?: Uint8Array<ArrayBuffer>;
  /** Keep the window above others. @default {false} */
  float?: boolean;
  /** Offer the inspector, and the page menu that goes with it. @default {false} */
  devtools?: boolean;
  /** `#rrggbb` shown until the page paints. @default {light #fdfcfa, dark #20211f} */
  background?: { light: string; dark: string };
  /** Dark or light. @default {what the desktop prefers} */
  dark?: boolean;
  /** Let WebKit use the graphics card: smoother, and 50 MiB more. @default {false} */
  acceleration?: boolean;
  /** Folder for cookies that outlive the run. Without it the WebView writes nothing at all. */
  dataDirectory?: string;
  /** Where downloads go. @default {the user's Downloads folder} */
  downloadDirectory?: string;
  /** Called with the full path of each finished download. */
  onDownload?: (path: string) => void;
  /** Called with the full paths of files that somebody holds over the window, to let them go there. */
  onFiles?: (paths: string[]) => void;
  /**
   * Called when the window is closed, with a word that the page has heard as `erth:closing`. The
   * window is out of sight then, and ends by `quit`. Without it, it ends a moment later.
   */
  onClose?: (closing: string) => void;
  /** Shows an outside address to the user. @default {their browser} */
  openOutside?: (url: string) => void;
  /** An Int32 that the backend counts up twice a second; if it rests for 5 s the window says so. */
  heartbeat?: SharedArrayBuffer;
  /** Where the webview C library lies, for the `libwebview` backend. */
  libraryPath?: string;
}

/** What every native backend can do. All of it belongs to the main thread. */
export interface NativeWindow {
  setTitle(title: string): void;
  setSize(size: Size): void;
  /** Loads a page. Its origin is from now on the only one that the window itself shows. */
  navigate(url: string): void;
  /** Runs a script in the page; its value is dropped. */
  evaluate(script: string): void;
  /** Shows the window and blocks until it is closed. */
  run(): void;
  /** Brings the window before the user. */
  raise(): void;
  /** Closes it as a person does. */
  close(): void;
  /** Ends `run()`. */
  quit(): void;
  /** Frees the window. */
  destroy(): void;
  /** What a worker needs to reach this window while `run()` blocks. */
  remoteHandle(): RemoteHandle;
}
