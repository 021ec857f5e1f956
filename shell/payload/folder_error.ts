import { ErthError } from "../../errors.ts";

/** ENOSPC and EDQUOT; Deno has no classes for them, and says these words. */
const FULL = /\(os error (28|122)\)|ENOSPC|EDQUOT/;

/** What the file system said about a folder, as an error of the catalogue. */
export function folderError(folder: string, error: unknown): ErthError {
  const code = FULL.test(String(error)) ? "PAYLOAD_DISK" : "PAYLOAD_FOLDER";
  return new ErthError(code, `${folder}: ${error}`, { cause: error });
}
