import { ErthError } from "../../errors.ts";
import { classify } from "./errors.ts";

/** sqld gives a sign of life every 15 s: after a longer silence the line is dead, though open. */
const SILENCE_MS = 40_000;

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
  const silent = new AbortController();
  const giveUp = () => silent.abort(new DOMException("The line is silent", "TimeoutError"));
  let timer = setTimeout(giveUp, SILENCE_MS);
  try {
    const either = AbortSignal.any([signal, silent.signal]);
    const response = await fetch(address, { headers, signal: either });
    const tells = response.headers.get("content-type")?.startsWith("text/event-stream");
    if (!response.ok || !tells) {
      await response.body?.cancel();
      throw new ErthError(response.status >= 500 ? "MIRROR_OFFLINE" : "NOT_FOUND", "listen");
    }
    onNews();
    for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
      clearTimeout(timer);
      timer = setTimeout(giveUp, SILENCE_MS);
      if (/^(event|data):/m.test(piece)) onNews();
    }
  } catch (error) {
    throw classify(error);
  } finally {
    clearTimeout(timer);
  }
}
