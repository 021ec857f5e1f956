import { createRequire, Module } from "node:module";
import { ErthError } from "../../errors.ts";

/** The part of Node's module loader (nodejs.org/api/modules.html) that finds a module's file. */
interface Loader {
  _resolveFilename(request: string, ...rest: unknown[]): string;
}

/**
 * Makes `libsql` load its native part from `path`, a file that the payload holds, and not from the
 * package beside it. From inside the program the system could only load it by way of a copy in the
 * temporary directory. To be called once, before the store is opened first.
 *
 * @throws {ErthError} `PAYLOAD_NOEXEC` if the system refuses to load it.
 */
export function useAddon(path: string): void {
  try {
    // The package would go on without it, and fail where nobody knows why.
    createRequire(import.meta.url)(path);
  } catch (error) {
    throw new ErthError("PAYLOAD_NOEXEC", `${path}: ${error}`, { cause: error });
  }
  const loader = Module as unknown as Loader;
  const resolve = loader._resolveFilename;
  loader._resolveFilename = (request, ...rest) =>
    /^@libsql\/(linux|darwin|win32)-/.test(request) ? path : resolve(request, ...rest);
}
