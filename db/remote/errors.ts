import { type ErrorCode, ErthError, isDiskFull } from "../../errors.ts";

/** What an error of client, server or network means for the mirror. */
export function classify(thrown: unknown): ErthError {
  if (thrown instanceof ErthError) return thrown;
  const error = thrown as { code?: string; message?: string; status?: number; cause?: unknown };
  const status = error.status ?? (error.cause as typeof error | undefined)?.status;
  const words = `${error.code ?? ""} ${error.message ?? String(thrown)}`.trim();
  const code = (): ErrorCode => {
    if (status === 401 || status === 403 || /AUTH_|unauthorized|401|403/i.test(error.code ?? "")) {
      return "MIRROR_AUTH";
    }
    // A constraint has words of the table in it, which may be any of the words below.
    if (/SQLITE_(CONSTRAINT|MISMATCH)|cannot store/.test(words)) return "MIRROR_ROW_REFUSED";
    if (
      isDiskFull(error) || /BLOCKED|quota|upgrade your plan|(read|write)s? are blocked/i.test(words)
    ) {
      return "MIRROR_QUOTA";
    }
    if (status === 413 || /SQLITE_TOOBIG|too (big|large)|RESPONSE_TOO_LARGE/i.test(words)) {
      return "MIRROR_ROW_TOO_LARGE";
    }
    if (/no such (table|view): (main\.)?erth_/.test(words)) return "MIRROR_REMOTE_WIPED";
    if (/SQLITE_READONLY|read-?only|not authorized|SQLITE_AUTH/i.test(words)) return "MIRROR_AUTH";
    if (/SQLITE_(BUSY|LOCKED|IOERR|INTERRUPT|NOMEM|PROTOCOL)/.test(words)) return "MIRROR_OFFLINE";
    if (/^(SQLITE_|SQL_)/.test(error.code ?? "")) return "INTERNAL";
    return "MIRROR_OFFLINE";
  };
  return new ErthError(code(), words, { cause: thrown });
}
