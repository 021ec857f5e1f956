import type { ErthError } from "../../errors.ts";

/** Prints an error as JSON on standard output or as words on standard error; its exit code. */
export function complain(error: ErthError, json: boolean): number {
  if (json) {
    console.log(JSON.stringify(error));
  } else {
    const detail = error.detail ? `\n  ${error.detail}` : "";
    console.error(`${error.message} [${error.code}]${detail}\n  ${error.hint}`);
  }
  return error.exit;
}
