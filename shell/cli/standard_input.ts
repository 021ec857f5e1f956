import { ErthError } from "../../errors.ts";

/** More than a note or a question holds; what is piped in may have no end. */
const MOST_BYTES = 8 * 1024 * 1024;

/**
 * All of standard input, as text.
 *
 * @throws {ErthError} `BODY_TOO_LARGE` above 8 MB.
 */
export async function readStandardInput(): Promise<string> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const chunk of Deno.stdin.readable) {
    size += chunk.byteLength;
    if (size > MOST_BYTES) {
      throw new ErthError("BODY_TOO_LARGE", `More than ${MOST_BYTES} bytes came by standard input`);
    }
    chunks.push(chunk);
  }
  return await new Blob(chunks).text();
}
