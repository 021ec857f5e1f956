/**
 * A client that goes straight to a port of 127.0.0.1: plain `fetch` would send even that through
 * `HTTP_PROXY`. To be closed when it isn't needed any more.
 *
 * @param idle How many idle connections it keeps.
 */
export function loopbackClient(port: number, idle: number): Deno.HttpClient {
  return Deno.createHttpClient({
    poolMaxIdlePerHost: idle,
    proxy: { transport: "tcp", hostname: "127.0.0.1", port },
  });
}
