import { ErthError } from "../../errors.ts";
import { readBody } from "./body.ts";

const MOST_BYTES = 64 * 1024;

/**
 * The fields of a request to the shell, whether a page sent them as form or a script as JSON. What
 * isn't text, number or truth value is left out; `true` is "1", `false` is "".
 *
 * @throws {ErthError} `BODY_TOO_LARGE` above 64 KB, `BAD_REQUEST` if it isn't what it says it is.
 */
export async function readForm(request: Request): Promise<Record<string, string>> {
  const text = new TextDecoder().decode(await readBody(request, { most: MOST_BYTES }));
  const type = request.headers.get("content-type") ?? "";
  if (!type.startsWith("application/json")) return Object.fromEntries(new URLSearchParams(text));
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(parse(text))) {
    if (typeof value === "boolean") fields[name] = value ? "1" : "";
    else if (["string", "number"].includes(typeof value)) fields[name] = String(value);
  }
  return fields;
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
