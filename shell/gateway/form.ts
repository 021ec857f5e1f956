import { ErthError } from "../../errors.ts";
import { readBody } from "./body.ts";

const MOST_BYTES = 64 * 1024;
/** What is read of a body that is too large, or unwanted, so that the connection can go on. */
const MOST_UNWANTED = 16 * 1024 * 1024;

/**
 * The fields of a request to the shell, whether a page sent them as form or a script as JSON. What
 * isn't text, number or truth value is left out; `true` is "1", `false` is "".
 *
 * @throws {ErthError} `BODY_TOO_LARGE` above 64 KB, `BAD_REQUEST` if it isn't what it says it is.
 */
export async function readForm(request: Request): Promise<Record<string, string>> {
  const bytes = await readBody(request, { most: MOST_UNWANTED });
  if (bytes.byteLength > MOST_BYTES) {
    throw new ErthError("BODY_TOO_LARGE", `More than ${MOST_BYTES} bytes`);
  }
  const text = new TextDecoder().decode(bytes);
  const type = request.headers.get("content-type") ?? "";
  if (!type.startsWith("application/json")) return Object.fromEntries(new URLSearchParams(text));
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(parse(text))) {
    if (typeof value === "boolean") fields[name] = value ? "1" : "";
    else if (["string", "number"].includes(typeof value)) fields[name] = String(value);
  }
  return fields;
}

/**
 * Reads a body that nobody has read: a connection that ends in the middle of one takes the next
 * request along, which was sent on it already.
 */
export async function readUnwanted(request: Request): Promise<void> {
  if (!request.bodyUsed) await readBody(request, { most: MOST_UNWANTED }).catch(() => {});
}

function parse(text: string): object {
  try {
    const value: unknown = JSON.parse(text || "{}");
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // What it holds may be secret, so it isn't repeated.
  }
  throw new ErthError("BAD_REQUEST", "The body is no JSON object");
}
