import { ErthError } from "../errors.ts";
import { classify } from "./remote_errors.ts";

/**
 * Follows a server's news of accepted batches (sqld: `GET /beta/listen`), until the connection ends.
 *
 * @throws {ErthError} `MIRROR_OFFLINE`; `NOT_FOUND` if this server doesn't tell news.
 */
export async function listen(
  fetch: typeof globalThis.fetch,
  base: URL,
  token: string,
  { signal, onNews }: { signal: AbortSignal; onNews: () => void },
): Promise<void> {
  const address = new URL("beta/listen?table=erth_batches", base.href.replace(/\/?$/, "/"));
  const headers = new Headers(token ? { authorization: `Bearer ${token}` } : {});
  try {
    const response = await fetch(address, { headers, signal });
    const tells = response.headers.get("content-type")?.startsWith("text/event-stream");
    if (!response.ok || !tells) {
      await response.body?.cancel();
      throw new ErthError(response.status >= 500 ? "MIRROR_OFFLINE" : "NOT_FOUND", "listen");
    }
    onNews();
    for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
      if (/^(event|data):/m.test(piece)) onNews();
    }
  } catch (error) {
    throw classify(error);
  }
}
