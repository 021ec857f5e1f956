/** Longest wait for an answer, in milliseconds; each megabyte sent or received adds to it. */
const PATIENCE_MS = 15_000;
const PATIENCE_PER_MB_MS = 10_000;

/**
 * Sends a request that has a deadline, as a connection may hang for ever without one. What comes in
 * puts it off: a slow line isn't a dead one.
 *
 * @param ending Ends the request before.
 * @param patience Milliseconds.
 */
export async function fetchPatiently(
  fetch: typeof globalThis.fetch,
  request: Request,
  ending: AbortSignal,
  patience = PATIENCE_MS,
): Promise<Response> {
  const start = performance.now();
  const giveUp = new AbortController();
  let bytes = (await request.clone().arrayBuffer()).byteLength;
  let timer = 0;
  const look = () => {
    const left = start + patience + bytes / 1e6 * PATIENCE_PER_MB_MS - performance.now();
    if (left > 0) timer = setTimeout(look, left);
    else giveUp.abort(new DOMException("No answer in time", "TimeoutError"));
  };
  const onEnding = () => giveUp.abort(ending.reason);
  const done = () => {
    clearTimeout(timer);
    ending.removeEventListener("abort", onEnding);
  };
  look();
  ending.addEventListener("abort", onEnding);
  try {
    ending.throwIfAborted();
    const response = await fetch(request, { signal: giveUp.signal });
    const counted = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform: (piece, controller) => {
        bytes += piece.byteLength;
        controller.enqueue(piece);
      },
      flush: done,
      cancel: done,
    });
    if (response.body === null) done();
    return new Response(response.body?.pipeThrough(counted) ?? null, response);
  } catch (error) {
    done();
    throw error;
  }
}
