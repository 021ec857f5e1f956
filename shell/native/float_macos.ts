import { cstring } from "./gtk_symbols.ts";

/** Untried: written after the documentation, type-checked, never run on macOS. */

const NS_FLOATING_WINDOW_LEVEL = 3n;
/** NSWindowCollectionBehavior: on every space, and beside full-screen windows. */
const CAN_JOIN_ALL_SPACES = 1n << 0n, FULL_SCREEN_AUXILIARY = 1n << 8n;

/**
 * Keeps a window above others as an NSPanel floats: by level and collection behaviour, see
 * https://developer.apple.com/documentation/appkit/nswindow/level and
 * https://developer.apple.com/documentation/appkit/nswindow/collectionbehavior
 *
 * @param window An NSWindow.
 */
export function floatOnMac(window: Deno.PointerValue): void {
  // objc_msgSend is called with the signature of the method: both take one NSInteger.
  const objc = Deno.dlopen("/usr/lib/libobjc.A.dylib", {
    sel_registerName: { parameters: ["buffer"], result: "pointer" },
    objc_msgSend: { parameters: ["pointer", "pointer", "isize"], result: "void" },
  });
  const { sel_registerName, objc_msgSend } = objc.symbols;
  objc_msgSend(window, sel_registerName(cstring("setLevel:")), NS_FLOATING_WINDOW_LEVEL);
  objc_msgSend(
    window,
    sel_registerName(cstring("setCollectionBehavior:")),
    CAN_JOIN_ALL_SPACES | FULL_SCREEN_AUXILIARY,
  );
}
