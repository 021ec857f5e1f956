import { assertEquals, assertStrictEquals } from "@std/assert";
import { type ErrorCode, ErthError } from "../../errors.ts";
import { classify } from "./errors.ts";

/** What was thrown by code, words and status, and what it means. */
const CASES: [code: string | undefined, message: string, status: number | undefined, ErrorCode][] =
  [
    [undefined, "error sending request for url", undefined, "MIRROR_OFFLINE"],
    ["SERVER_ERROR", "Server returned HTTP status 503", 503, "MIRROR_OFFLINE"],
    ["SERVER_ERROR", "Server returned HTTP status 404", 404, "MIRROR_OFFLINE"],
    ["HRANA_PROTO_ERROR", "Unexpected token '<'", undefined, "MIRROR_OFFLINE"],
    [undefined, "Signal timed out.", undefined, "MIRROR_OFFLINE"],
    ["SQLITE_BUSY", "database is locked", undefined, "MIRROR_OFFLINE"],
    ["SQLITE_IOERR_WRITE", "disk I/O error", undefined, "MIRROR_OFFLINE"],
    ["SERVER_ERROR", "Server returned HTTP status 401", 401, "MIRROR_AUTH"],
    ["SERVER_ERROR", "Server returned HTTP status 403", 403, "MIRROR_AUTH"],
    ["AUTH_JWT_INVALID", "The JWT is invalid", undefined, "MIRROR_AUTH"],
    ["SQLITE_READONLY", "attempt to write a readonly database", undefined, "MIRROR_AUTH"],
    ["SQLITE_AUTH", "not authorized", undefined, "MIRROR_AUTH"],
    [
      "BLOCKED",
      "Operation was blocked: SQL write operations are forbidden",
      undefined,
      "MIRROR_QUOTA",
    ],
    [undefined, "Reads are blocked, please upgrade your plan", undefined, "MIRROR_QUOTA"],
    ["SQLITE_FULL", "database or disk is full", undefined, "MIRROR_QUOTA"],
    ["SERVER_ERROR", "Server returned HTTP status 413", 413, "MIRROR_ROW_TOO_LARGE"],
    ["SQLITE_TOOBIG", "string or blob too big", undefined, "MIRROR_ROW_TOO_LARGE"],
    [
      "SQLITE_CONSTRAINT",
      "SQLite error: CHECK constraint failed: json_valid(tags)",
      undefined,
      "MIRROR_ROW_REFUSED",
    ],
    [
      "SQLITE_CONSTRAINT",
      "SQLite error: CHECK constraint failed: quota < 9 AND blocked",
      undefined,
      "MIRROR_ROW_REFUSED",
    ],
    [
      "SQLITE_UNKNOWN",
      "SQLite error: cannot store TEXT value in INTEGER column notes.pinned",
      undefined,
      "MIRROR_ROW_REFUSED",
    ],
    [
      "SQL_INPUT_ERROR",
      "SQLite input error: no such table: erth_head (at offset 14)",
      undefined,
      "MIRROR_REMOTE_WIPED",
    ],
    [
      "SQLITE_UNKNOWN",
      "SQLite error: no such table: main.erth_batches",
      undefined,
      "MIRROR_REMOTE_WIPED",
    ],
    ["SQL_INPUT_ERROR", "SQLite input error: no such table: notes", undefined, "INTERNAL"],
    ["SQLITE_CORRUPT", "database disk image is malformed", undefined, "INTERNAL"],
  ];

for (const [code, message, status, expected] of CASES) {
  Deno.test(`'${code ?? ""} ${message}' is ${expected}`, () => {
    const thrown = Object.assign(new Error(message), code && { code }, {
      cause: Object.assign(new Error(), status && { status }),
    });
    const error = classify(thrown);
    assertEquals(error.code, expected);
    assertEquals(error.detail, `${code ?? ""} ${message}`.trim());
    assertStrictEquals(error.cause, thrown);
  });
}

Deno.test("an error of our own stays what it is, and what isn't one becomes one", () => {
  const own = new ErthError("MIRROR_FOREIGN");
  assertStrictEquals(classify(own), own);
  assertEquals(classify("odd").code, "MIRROR_OFFLINE");
});
