import { asErthError, type ErrorCode, speakFor } from "../../errors.ts";
import { type Backend, startBackend } from "../backend.ts";
import { openInBrowser } from "../process/browser.ts";
import type { Config } from "../config/config.ts";
import type { Instance } from "../instance/instance.ts";
import { untilEnd } from "../process/signals.ts";
import { remote, type RemoteHandle, type RemoteWindow } from "../window/window.ts";
import { Lodging } from "./lodging.ts";
import { waitingPage } from "./waiting_page.ts";

/** What the main thread tells the worker. */
export type WorkerOrder =
  /** `lodges`: another process has the data folder. */
  | { order: "start"; config: Config; heartbeat: SharedArrayBuffer; lodges: boolean }
  | { order: "window"; handle: RemoteHandle }
  | { order: "files"; paths: string[] }
  | { order: "outside"; url: string }
  /** `closing`: the page was told so under this name. */
  | { order: "stop"; closing: string };

type Order<K extends WorkerOrder["order"]> = Extract<WorkerOrder, { order: K }>;

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
let lodging: Lodging | undefined;
let instance: Instance | undefined;
let window: RemoteWindow | undefined;
let isEnding = false;
let stopped: Promise<void> | undefined;
const asked = Promise.withResolvers<void>();

self.onmessage = ({ data }) => {
  if (data.order === "start") start(data);
  else if (data.order === "window") window = remote(data.handle);
  else if (data.order === "files") backend?.hold(data.paths);
  else if (data.order === "outside") void openInBrowser(data.url, environment);
  else void (stopped ??= stop(data.closing));
};

async function start({ config, heartbeat, lodges }: Order<"start">): Promise<void> {
  speakFor(config.app);
  environment = config.environment;
  const beats = new Int32Array(heartbeat);
  setInterval(() => Atomics.add(beats, 0, 1), HEARTBEAT_MS);
  // A signal or `shell/stop` closes the window, as a person does. Here, as main hears neither.
  void untilEnd(asked.promise).then(() => window?.close());
  if (!lodges) return startOwn(config, (url) => self.postMessage({ message: "started", url }));
  const show = showing();
  lodging = new Lodging(config.paths.data, {
    show,
    wait: () => show(waitingPage(config.app.title)),
    raise: () => window?.raise(),
  });
  instance = await lodging.untilMine();
  if (!isEnding) startOwn(config, show);
}

function startOwn(config: Config, show: (url: string) => void): void {
  try {
    backend = startBackend(config, { kind: "window", raise: () => window?.raise() });
    show(backend.launchUrl());
    void backend.asked.then(asked.resolve);
  } catch (thrown) {
    const { code, detail } = asErthError(thrown);
    self.postMessage({ message: "failed", code, detail });
  }
}

/** Shows the first address by main's hand, which waits for it, and others in the open window. */
function showing(): (url: string) => void {
  let isFirst = true;
  return (url) => {
    if (isFirst) self.postMessage({ message: "started", url });
    else window?.navigate(url);
    isFirst = false;
  };
}

async function stop(closing: string): Promise<void> {
  isEnding = true;
  try {
    await lodging?.end(closing);
    await backend?.stop(closing);
    await instance?.[Symbol.asyncDispose]();
  } finally {
    self.postMessage({ message: "stopped" });
    window?.quit();
  }
}
