/** Untried: written after the documentation, type-checked, never run on Windows. */

const SWP_NOSIZE = 0x0001, SWP_NOMOVE = 0x0002, SWP_NOACTIVATE = 0x0010;
const HWND_TOPMOST = -1n;

/**
 * Keeps a window above all others.
 *
 * `SetWindowPos` of user32, see
 * https://learn.microsoft.com/windows/win32/api/winuser/nf-winuser-setwindowpos
 *
 * @param window An HWND.
 */
export function floatOnWindows(window: Deno.PointerValue): void {
  const user32 = Deno.dlopen("user32.dll", {
    SetWindowPos: {
      parameters: ["pointer", "isize", "i32", "i32", "i32", "i32", "u32"],
      result: "i32",
    },
  });
  const flags = SWP_NOMOVE | SWP_NOSIZE | SWP_NOACTIVATE;
  user32.symbols.SetWindowPos(window, HWND_TOPMOST, 0, 0, 0, 0, flags);
}
