import type { HashOrder } from "./hash_worker.ts";

/**
 * Hashes a payload's folder in a thread of its own: it takes 70 ms, in which the thread that asks
 * has requests to answer. Whether every file is as the manifest says.
 *
 * @throws {Error} if the thread fails.
 */
export async function hashElsewhere(order: HashOrder): Promise<boolean> {
  const worker = new Worker(new URL("./hash_worker.ts", import.meta.url), { type: "module" });
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  worker.onmessage = ({ data }: MessageEvent<boolean>) => resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(event.message));
  };
  worker.postMessage(order);
  try {
    return await promise;
  } finally {
    worker.terminate();
  }
}
