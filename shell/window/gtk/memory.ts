import { nativeFunction } from "./signals.ts";
import type { Gtk } from "./symbols.ts";

/** When the start is over: frame and first fragment are on screen. */
const SETTLED_MS = 3_000;

/**
 * Gives back the heap that only the start needed, once it is over. The files that the start read are
 * left to the kernel: it takes their pages when others want the memory, and it alone can tell which
 * address still belongs to which file.
 */
export function trimAfterStart(c: Gtk): void {
  const trim = nativeFunction({ parameters: ["pointer"], result: "i32" }, () => {
    c.libc.malloc_trim(0n);
    return 0; // G_SOURCE_REMOVE
  });
  c.glib.g_timeout_add(SETTLED_MS, trim, null);
}
