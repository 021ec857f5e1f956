/**
 * What libwebview leaves out on macOS, by the Objective-C runtime
 * (https://developer.apple.com/documentation/objectivec/objective-c_runtime).
 *
 * Untried: written after the documentation, type-checked, never run on macOS.
 */
import { cstring } from "../gtk/symbols.ts";

const LIBRARY = "/usr/lib/libobjc.A.dylib";

/** `NSFloatingWindowLevel` */
const FLOATING = 3n;
/** `NSWindowCollectionBehavior`: on every space, and beside full-screen windows. */
const CAN_JOIN_ALL_SPACES = 1n << 0n, FULL_SCREEN_AUXILIARY = 1n << 8n;

const EDIT_MENU = [
  ["Undo", "undo:", "z"],
  ["Redo", "redo:", "Z"],
  ["Cut", "cut:", "x"],
  ["Copy", "copy:", "c"],
  ["Paste", "paste:", "v"],
  ["Select All", "selectAll:", "a"],
] as const;
const APP_MENU = [["Close", "performClose:", "w"], ["Quit", "performClose:", "q"]] as const;

/**
 * Keeps a window above others as an NSPanel floats: by level and collection behaviour, see
 * https://developer.apple.com/documentation/appkit/nswindow/level and
 * https://developer.apple.com/documentation/appkit/nswindow/collectionbehavior
 *
 * @param window An NSWindow.
 */
export function floatOnMac(window: Deno.PointerValue): void {
  const { selector, sendNumber } = openRuntime();
  sendNumber(window, selector("setLevel:"), FLOATING);
  const behavior = CAN_JOIN_ALL_SPACES | FULL_SCREEN_AUXILIARY;
  sendNumber(window, selector("setCollectionBehavior:"), behavior);
}

/** Gives the app its menus: without an Edit menu Cmd+C and Cmd+V do nothing in a WebView. */
export function addMenus(): void {
  const { selector, send, sendPointer, sendMenuItem, make, string, classOf } = openRuntime();
  const bar = make("NSMenu");
  for (const [title, entries] of [["Erth", APP_MENU], ["Edit", EDIT_MENU]] as const) {
    const menu = sendPointer(
      send(classOf("NSMenu"), selector("alloc")),
      selector("initWithTitle:"),
      string(title),
    );
    const add = selector("addItemWithTitle:action:keyEquivalent:");
    for (const [name, action, key] of entries) {
      sendMenuItem(menu, add, string(name), selector(action), string(key));
    }
    const item = make("NSMenuItem");
    sendPointer(item, selector("setSubmenu:"), menu);
    sendPointer(bar, selector("addItem:"), item);
  }
  const application = send(classOf("NSApplication"), selector("sharedApplication"));
  sendPointer(application, selector("setMainMenu:"), bar);
}

/** `objc_msgSend` is called with the signature of the method, so it is bound once for each. */
function openRuntime() {
  const bind = <const P extends readonly Deno.NativeType[]>(...parameters: P) =>
    Deno.dlopen(LIBRARY, {
      objc_msgSend: { parameters: ["pointer", "pointer", ...parameters], result: "pointer" },
    }).symbols.objc_msgSend;
  const { symbols } = Deno.dlopen(LIBRARY, {
    sel_registerName: { parameters: ["buffer"], result: "pointer" },
    objc_getClass: { parameters: ["buffer"], result: "pointer" },
  });
  const selector = (name: string) => symbols.sel_registerName(cstring(name));
  const classOf = (name: string) => symbols.objc_getClass(cstring(name));
  const send = bind();
  const sendPointer = bind("pointer");
  const sendText = bind("buffer");
  return {
    selector,
    classOf,
    send,
    sendPointer,
    sendNumber: bind("isize"),
    sendMenuItem: bind("pointer", "pointer", "pointer"),
    make: (name: string) => send(classOf(name), selector("new")),
    string: (text: string) =>
      sendText(classOf("NSString"), selector("stringWithUTF8String:"), cstring(text)),
  };
}
