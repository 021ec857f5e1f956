import { asErthError, type ErrorCode, speakFor } from "../../errors.ts";
import { type Backend, startBackend } from "../backend.ts";
import { openInBrowser } from "../process/browser.ts";
import type { Config } from "../config/config.ts";
import { remote, type RemoteHandle } from "../window/window.ts";

/** What the main thread tells the worker. */
export type WorkerOrder =
  | { order: "start"; config: Config; heartbeat: SharedArrayBuffer }
  | { order: "window"; handle: RemoteHandle }
  | { order: "files"; paths: string[] }
  | { order: "outside"; url: string }
  | { order: "stop" };

/** What the worker tells the main thread. */
export type WorkerMessage =
  | { message: "started"; url: string }
  | { message: "failed"; code: ErrorCode; detail: string }
  | { message: "stopped" };

const HEARTBEAT_MS = 500;

declare const self: DedicatedWorkerGlobalScope;
interface DedicatedWorkerGlobalScope {
  onmessage: ((event: MessageEvent<WorkerOrder>) => void) | null;
  postMessage(message: WorkerMessage): void;
}

let backend: Backend | undefined;
let environment: Config["environment"] | undefined;
let window: ReturnType<typeof remote> | undefined;

self.onmessage = ({ data }) => {
  if (data.order === "start") start(data.config, data.heartbeat);
  else if (data.order === "window") window = remote(data.handle);
  else if (data.order === "files") backend?.hold(data.paths);
  else if (data.order === "outside") void openInBrowser(data.url, environment);
  else stop();
};

function start(config: Config, heartbeat: SharedArrayBuffer): void {
  speakFor(config.app);
  environment = config.environment;
  const beats = new Int32Array(heartbeat);
  setInterval(() => Atomics.add(beats, 0, 1), HEARTBEAT_MS);
  try {
    backend = startBackend(config, { raise: () => window?.raise() });
    self.postMessage({ message: "started", url: backend.launchUrl() });
    // A signal or `shell/stop` ends the backend; the window follows.
    backend.finished.then(() => window?.quit());
  } catch (thrown) {
    const { code, detail } = asErthError(thrown);
    self.postMessage({ message: "failed", code, detail });
  }
}

async function stop(): Promise<void> {
  try {
    await backend?.stop();
  } finally {
    self.postMessage({ message: "stopped" });
  }
}
