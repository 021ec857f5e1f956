import { Module } from "node:module";

/** The part of Node's module loader (nodejs.org/api/modules.html) that finds a module's file. */
interface Loader {
  _resolveFilename(request: string, ...rest: unknown[]): string;
}

/**
 * Makes `libsql` load its native part from `path`, a file that the payload holds, and not from the
 * package beside it. From inside the program the system could only load it by way of a copy in the
 * temporary directory. To be called once, before the store is opened first.
 */
export function useAddon(path: string): void {
  const loader = Module as unknown as Loader;
  const resolve = loader._resolveFilename;
  loader._resolveFilename = (request, ...rest) =>
    /^@libsql\/(linux|darwin|win32)-/.test(request) ? path : resolve(request, ...rest);
}
