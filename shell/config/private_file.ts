import { dirname } from "node:path";

/**
 * Replaces a file whole, mode 0600, so that a power cut leaves the old one or the new one.
 *
 * @param path Its folder must be there.
 */
export function replacePrivately(path: string, text: string): void {
  const draft = draftOf(path);
  const options = { create: true, write: true, truncate: true, mode: 0o600 } as const;
  {
    using file = Deno.openSync(draft, options);
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
    file.syncSync();
  }
  Deno.renameSync(draft, path);
  syncFolder(dirname(path));
}

/** Removes it, and what a write that was cut short left; fine if there is nothing. */
export function removePrivately(path: string): void {
  for (const it of [path, draftOf(path)]) {
    try {
      Deno.removeSync(it);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  syncFolder(dirname(path));
}

function draftOf(path: string): string {
  return `${path}.new`;
}

function syncFolder(path: string): void {
  // Windows has no such thing.
  if (Deno.build.os === "windows") return;
  using folder = Deno.openSync(path);
  folder.syncSync();
}
