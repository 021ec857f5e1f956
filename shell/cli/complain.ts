import type { ErthError } from "../../errors.ts";
import { printJson, say } from "./print.ts";

/** Prints an error as JSON on standard output or as words on standard error; its exit code. */
export function complain(error: ErthError, json: boolean): number {
  if (json) {
    printJson(error);
  } else {
    const detail = error.detail ? `\n  ${error.detail.replaceAll("\n", "\n  ")}` : "";
    say(`${error.message} [${error.code}]${detail}\n  ${error.hint}`);
  }
  return error.exit;
}
