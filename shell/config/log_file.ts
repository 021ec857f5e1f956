import { join } from "node:path";

const MAX_BYTES = 1024 * 1024;
const encoder = new TextEncoder();

/**
 * A sink that appends lines to `NAME.log` in `folder`; at 1 MB the file becomes `NAME.log.1`. A
 * folder that can't be written to costs the log file, not the program.
 */
export function openLogFile(folder: string, name: string): (line: string) => void {
  const path = join(folder, `${name}.log`);
  let file: Deno.FsFile | undefined;
  let size = 0;
  const open = () => {
    try {
      Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
      file = Deno.openSync(path, { create: true, append: true, mode: 0o600 });
      size = file.statSync().size;
    } catch {
      file = undefined;
    }
  };
  open();
  return (line) => {
    try {
      size += file?.writeSync(encoder.encode(`${line}\n`)) ?? 0;
    } catch {
      // A disk that is full has room again one day.
      return;
    }
    if (size <= MAX_BYTES) return;
    try {
      file?.close();
      Deno.renameSync(path, `${path}.1`);
      open();
    } catch {
      // Otherwise it would grow without a bound.
      file = undefined;
    }
  };
}
