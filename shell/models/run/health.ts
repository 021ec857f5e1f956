/** Whom to ask. */
export interface HealthOptions {
  /** Of llama.cpp's server, on 127.0.0.1. */
  readonly port: number;
  readonly path: string;
  readonly key: string;
}

/**
 * Asks llama.cpp's server whether it is well. Only the right program knows the key, so there is
 * nothing more to prove. Goes over a connection of its own that no answer can keep busy.
 *
 * @throws {Error} if it doesn't say so.
 */
export async function askHealth(options: HealthOptions, signal: AbortSignal): Promise<void> {
  const { key, path, port } = options;
  using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    client,
    headers: { authorization: `Bearer ${key}` },
    redirect: "error",
    signal,
  });
  await response.body?.cancel();
  if (response.status !== 200) throw new Error(`Wrong answer: status ${response.status}`);
}
