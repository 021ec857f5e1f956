import { nativeFunction } from "./signals.ts";
import { type Gtk, readFile } from "./symbols.ts";

const MADV_DONTNEED = 4;

/** When the start is over: frame and first fragment are on screen. */
const SETTLED_MS = 3_000;

/** An address range of this process. */
export interface Range {
  start: bigint;
  end: bigint;
}

/**
 * Of a `/proc/PID/smaps` (proc(5)) the ranges that mirror files and nothing else: read-only and
 * without a page of their own (`Anonymous: 0 kB`; relocated ones have some). They can be dropped
 * at any time: whoever touches them gets them back from the file.
 */
export function fileRanges(smaps: string): Range[] {
  const ranges: Range[] = [];
  const entry =
    /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ (\d+).*\n(?:[A-Z].*\n)*?Anonymous: +0 kB$/gm;
  for (const [, start, end, inode] of smaps.matchAll(entry)) {
    if (inode !== "0") ranges.push({ start: BigInt(`0x${start}`), end: BigInt(`0x${end}`) });
  }
  return ranges;
}

/**
 * Gives back what only the start needed of the program and its libraries, some 40 MiB, once it is
 * over. The kernel would do the same, but only when other programs already lack memory.
 */
export function trimAfterStart(c: Gtk): void {
  const trim = nativeFunction({ parameters: ["pointer"], result: "i32" }, () => {
    for (const { start, end } of fileRanges(readFile(c, "/proc/self/smaps"))) {
      c.libc.madvise(start, end - start, MADV_DONTNEED);
    }
    c.libc.malloc_trim(0n);
    return 0; // G_SOURCE_REMOVE
  });
  c.glib.g_timeout_add(SETTLED_MS, trim, null);
}
