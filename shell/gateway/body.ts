import { ErthError } from "../../errors.ts";
import { systemClock, within } from "../process/clock.ts";

/** What a body may be like. */
export interface BodyBounds {
  /** Bytes. */
  readonly most: number;
  /** Milliseconds between two pieces of it; by default 30 s. */
  readonly pause?: number;
}

const PAUSE_MS = 30_000;

/**
 * The whole body of a request or an answer; of one that has none, nothing.
 *
 * @throws {ErthError} `BODY_TOO_LARGE` above the bound, announced or sent; `BAD_REQUEST` if it
 * pauses for too long or breaks off.
 */
export async function readBody(
  { body, headers }: Request | Response,
  { most, pause = PAUSE_MS }: BodyBounds,
): Promise<Uint8Array<ArrayBuffer>> {
  if (body === null) return new Uint8Array();
  const announced = Number(headers.get("content-length") ?? 0);
  const reader = body.getReader();
  const refuse = (error: ErthError) => {
    // Not waited for: who sends too much or nothing may not hear of it for a while either.
    reader.cancel().catch(() => {});
    return error;
  };
  if (announced > most) throw refuse(new ErthError("BODY_TOO_LARGE", `${announced} bytes`));
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const reading = reader.read();
    if (!await within(systemClock, pause, reading)) {
      throw refuse(new ErthError("BAD_REQUEST", `The body paused for ${pause} ms`));
    }
    const chunk = await reading.catch((error) => {
      throw new ErthError("BAD_REQUEST", `The body broke off: ${error}`, { cause: error });
    });
    if (chunk.done) return joined(chunks, size);
    size += chunk.value.byteLength;
    if (size > most) throw refuse(new ErthError("BODY_TOO_LARGE", `More than ${most} bytes`));
    chunks.push(chunk.value);
  }
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}
