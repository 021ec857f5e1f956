import { ErthError, isDiskFull } from "../../errors.ts";

/** What the file system said about a folder, as an error of the catalogue. */
export function folderError(folder: string, error: unknown): ErthError {
  const code = isDiskFull(error) ? "PAYLOAD_DISK" : "PAYLOAD_FOLDER";
  return new ErthError(code, `${folder}: ${error}`, { cause: error });
}
