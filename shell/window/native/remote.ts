/**
 * The way from a worker to the window. While `run()` blocks the main thread, it hears neither
 * messages nor signals; but the window's own loop runs a callback when asked to
 * (`g_idle_add`, `webview_dispatch`: both may be called from any thread), and that callback is
 * JavaScript on the main thread.
 */

/** Plain data, made on main and posted to a worker. */
export interface RemoteHandle {
  kind: "gtk" | "libwebview";
  /** Addresses: the callback made on main and, for libwebview, the window. */
  callback: bigint;
  window: bigint;
  libraryPath?: string;
  mailbox: SharedArrayBuffer;
}

/** The window, as far as a worker needs it. After the window's end all of them do nothing. */
export interface RemoteWindow {
  raise(): void;
  navigate(url: string): void;
  close(): void;
  quit(): void;
}

const RAISE = 1, QUIT = 2, NAVIGATE = 3, CLOSE = 4;

// The mailbox: a state word, the length of the text in bytes, the text.
const STATE = 0, LENGTH = 1, HEADER = 2 * Int32Array.BYTES_PER_ELEMENT;
const FREE = 0, WRITING = 1, FULL = 2, CLOSED = 3;
const MAILBOX_BYTES = 8192;
const PATIENCE_MS = 1000;

/** Main's end: what the window does when a worker asks. */
export class RemoteInbox {
  readonly mailbox = new SharedArrayBuffer(MAILBOX_BYTES);
  readonly #words = new Int32Array(this.mailbox, 0, 2);
  readonly #window: RemoteWindow;

  constructor(window: RemoteWindow) {
    this.#window = window;
  }

  /** Does what the number asks for; the native callback passes it on as its user data. */
  take(order: number): void {
    if (Atomics.load(this.#words, STATE) === CLOSED) return;
    if (order === RAISE) this.#window.raise();
    else if (order === QUIT) this.#window.quit();
    else if (order === CLOSE) this.#window.close();
    else if (order === NAVIGATE) this.#window.navigate(this.#read());
  }

  /** From now on workers reach nothing. */
  close(): void {
    Atomics.store(this.#words, STATE, CLOSED);
    Atomics.notify(this.#words, STATE);
  }

  #read(): string {
    const length = Atomics.load(this.#words, LENGTH);
    // TextDecoder takes no shared memory: a copy.
    const text = new TextDecoder().decode(new Uint8Array(this.mailbox, HEADER, length).slice());
    Atomics.store(this.#words, STATE, FREE);
    Atomics.notify(this.#words, STATE);
    return text;
  }
}

/** The worker's end of a window. */
export function remote(handle: RemoteHandle): RemoteWindow {
  const words = new Int32Array(handle.mailbox, 0, 2);
  const dispatch = dispatcher(handle);
  const send = (order: number) => {
    if (Atomics.load(words, STATE) !== CLOSED) dispatch(order);
  };
  return {
    raise: () => send(RAISE),
    close: () => send(CLOSE),
    quit: () => send(QUIT),
    navigate(url) {
      const bytes = new TextEncoder().encode(url);
      const room = handle.mailbox.byteLength - HEADER;
      if (bytes.length > room) {
        throw new RangeError(
          `Cannot navigate as an address may have ${room} bytes: it has ${bytes.length}`,
        );
      }
      if (!claim(words)) return;
      new Uint8Array(handle.mailbox, HEADER).set(bytes);
      Atomics.store(words, LENGTH, bytes.length);
      // Unless the window was closed meanwhile.
      if (Atomics.compareExchange(words, STATE, WRITING, FULL) === WRITING) send(NAVIGATE);
    },
  };
}

/** Waits until main has read the text before; false if the window is gone or doesn't read. */
function claim(words: Int32Array<SharedArrayBuffer>): boolean {
  for (;;) {
    const state = Atomics.compareExchange(words, STATE, FREE, WRITING);
    if (state === FREE) return true;
    if (state === CLOSED) return false;
    if (Atomics.wait(words, STATE, state, PATIENCE_MS) === "timed-out") return false;
  }
}

function dispatcher(handle: RemoteHandle): (order: number) => void {
  const callback = Deno.UnsafePointer.create(handle.callback);
  const data = (order: number) => Deno.UnsafePointer.create(BigInt(order));
  if (handle.kind === "gtk") {
    // guint g_idle_add(GSourceFunc function, gpointer data)
    const { symbols } = Deno.dlopen("libglib-2.0.so.0", {
      g_idle_add: { parameters: ["function", "pointer"], result: "u32" },
    });
    return (order) => void symbols.g_idle_add(callback, data(order));
  }
  if (handle.libraryPath === undefined) {
    throw new TypeError("Cannot reach the window as 'libraryPath' is missing: undefined");
  }
  // int webview_dispatch(webview_t w, void (*fn)(webview_t w, void *arg), void *arg)
  const { symbols } = Deno.dlopen(handle.libraryPath, {
    webview_dispatch: { parameters: ["pointer", "function", "pointer"], result: "i32" },
  });
  const window = Deno.UnsafePointer.create(handle.window);
  return (order) => void symbols.webview_dispatch(window, callback, data(order));
}
