import type { Log } from "../../log.ts";

/**
 * Logs what nobody caught in this thread, with its stack, and has the thread live on: one request
 * or timer that failed is no reason to end all others.
 *
 * @returns A function that leaves such failures to the runtime again, which ends the thread.
 */
export function surviveUnexpected(log: Pick<Log, "error">): () => void {
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    log.error("unexpected.rejection", { stack: stackOf(event.reason) });
  };
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    log.error("unexpected.error", { stack: stackOf(event.error ?? event.message) });
  };
  addEventListener("unhandledrejection", onRejection);
  addEventListener("error", onError);
  return () => {
    removeEventListener("unhandledrejection", onRejection);
    removeEventListener("error", onError);
  };
}

function stackOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.stack ?? `${thrown}` : String(thrown);
}
