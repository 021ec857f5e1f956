import { join } from "node:path";
import { Webview } from "@webview/webview";
import { asErthError, ErthError } from "../../errors.ts";
import type { WorkerMessage, WorkerOrder } from "./backend_worker.ts";
import type { Backend } from "../backend.ts";
import { complain } from "../cli/complain.ts";
import { print, say } from "../cli/print.ts";
import { secureFolders } from "../config/folders.ts";
import { type Config, confineLibraries, hasDisplay } from "../config/config.ts";
import { refusalPage } from "../screens/status/refusal.ts";
import type { Running } from "../instance/card.ts";
import { type Claim, Instance } from "../instance/instance.ts";
import { surviveUnexpected } from "../process/unexpected.ts";
import { readIcon } from "../payload/resources.ts";
import { windowLibrary } from "../payload/window_library.ts";
import { untilEnd } from "../process/signals.ts";

/** After so many milliseconds the backend's worker counts as hung; its phases have ended by then. */
const STOP_MS = 10_000;

/**
 * `erth`: the window. The main thread belongs to it, everything else runs in the backend worker.
 * The exit code.
 */
export async function openDesktop(config: Config): Promise<number> {
  // The window outlives what fails beside it; the backend's own failures stand in the log.
  surviveUnexpected({ error: (event, fields) => say(`${event} ${fields?.stack}`) });
  try {
    if (!hasDisplay()) throw new ErthError("NO_DISPLAY");
    config.notices.push(...secureFolders(config.paths));
    const claim = await Instance.claim(config.paths.data);
    if (claim.state === "running" && await raiseRunning(claim.running)) return 0;
    await using _ = claim.state === "mine" ? claim.instance : undefined;
    return await runWindow(config, claim);
  } catch (thrown) {
    const error = asErthError(thrown);
    if (error.code === "FOLDER_FOREIGN") showRefusal(config, error);
    return complain(error, config.json);
  }
}

/** A double-click has no terminal to be told in: a window that touches none of the folders. */
function showRefusal({ app, window: { backend } }: Config, error: ErthError): void {
  try {
    using webview = new Webview({ title: app.title, name: app.name, icon: readIcon(), backend });
    webview.navigate(refusalPage(error, app.title));
    webview.run();
  } catch (thrown) {
    // The error itself is told in any case.
    say(asErthError(thrown).message);
  }
}

/** A second start shows the window that is there; whether there is one. */
async function raiseRunning(running: Running): Promise<boolean> {
  const { raise } = await import("../instance/visit.ts");
  return await raise(running);
}

/**
 * A data folder that can't be written to is explained in the window, not by its absence; one that
 * another process has is waited for there, or shown as that process shows it.
 */
async function runWindow(config: Config, claim: Claim): Promise<number> {
  if (config.paths.portable) confineLibraries(config.paths.data);
  const { app } = config;
  const heartbeat = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  let window: Webview;
  let order = (_message: WorkerOrder) => {};
  try {
    window = new Webview({
      title: app.title,
      name: app.name,
      icon: readIcon(),
      float: config.window.float,
      devtools: config.window.devtools,
      backend: config.window.backend,
      libraryPath: await windowLibrary(config),
      heartbeat,
      openOutside: (url) => order({ order: "outside", url }),
      onFiles: (paths) => order({ order: "files", paths }),
      onClose: (closing) => order({ order: "stop", closing }),
      // The chosen theme is a cookie: ports, and so origins, change from start to start.
      dataDirectory: join(config.paths.data, "webview"),
    });
  } catch (thrown) {
    return withoutWindow(config, claim, asErthError(thrown));
  }
  // Only now: the page's process takes longer to start than the backend, and is at it already.
  // Beside the loading of the window's libraries, both would take their time: 50 ms more in all.
  const worker = new Worker(new URL("./backend_worker.ts", import.meta.url), { type: "module" });
  const inbox = new Inbox(worker);
  order = (message) => worker.postMessage(message);
  const lodges = claim.state === "running" || claim.state === "busy";
  order({ order: "start", config, heartbeat, lodges });
  order({ order: "window", handle: window.remoteHandle() });
  const { url } = await inbox.next("started");
  window.navigate(url);
  window.run();
  // Again, for a window that went without being closed; the worker heeds the first one.
  order({ order: "stop", closing: crypto.randomUUID() });
  await inbox.next("stopped", STOP_MS);
  window.destroy();
  return 0;
}

/** No WebView: say what to install, open the page in the browser, keep running. */
async function withoutWindow(config: Config, claim: Claim, error: ErthError): Promise<number> {
  complain(error, config.json);
  if (error.code !== "WEBVIEW_MISSING") return error.exit;
  if (claim.state === "running" || claim.state === "busy") {
    const { open } = await import("../cli/open.ts");
    return await open(config);
  }
  const { startBackend } = await import("../backend.ts");
  const backend = startBackend(config, { kind: "serve" });
  void showInBrowser(backend, config);
  await untilEnd(backend.asked);
  await backend.stop();
  return 0;
}

/** A link to paste where no browser came, or where there is no page to lead one here. */
async function showInBrowser({ launches }: Backend, config: Config): Promise<void> {
  const { LAUNCH_MS, launchInBrowser } = await import("../cli/launch.ts");
  let url: string;
  try {
    const launch = launches.write();
    url = launch.url;
    const isUsed = launches.isUsed(launch.page, LAUNCH_MS);
    if (await launchInBrowser(launch.page, isUsed, config)) return;
  } catch {
    url = launches.link();
  }
  print(url);
}

type Kind = WorkerMessage["message"];
type Of<K extends Kind> = Extract<WorkerMessage, { message: K }>;

/** The worker's messages, waited for one kind at a time. */
class Inbox {
  readonly #waiting = new Map<Kind, PromiseWithResolvers<WorkerMessage>>();

  constructor(worker: Worker) {
    worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
      if (data.message === "failed") {
        this.#slot("started").reject(new ErthError(data.code, data.detail));
      }
      this.#slot(data.message).resolve(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      const error = new ErthError("INTERNAL", event.message);
      for (const kind of ["started", "stopped"] as const) this.#slot(kind).reject(error);
    };
  }

  /** The next message of a kind; with a limit it rejects after so many milliseconds. */
  async next<K extends Kind>(kind: K, limit?: number): Promise<Of<K>> {
    const { promise } = this.#slot(kind);
    const timer = limit === undefined ? undefined : setTimeout(
      () => this.#slot(kind).reject(new ErthError("INTERNAL", `No '${kind}' in ${limit} ms`)),
      limit,
    );
    try {
      return await promise as Of<K>;
    } finally {
      clearTimeout(timer);
    }
  }

  #slot(kind: Kind): PromiseWithResolvers<WorkerMessage> {
    let slot = this.#waiting.get(kind);
    if (slot === undefined) {
      slot = Promise.withResolvers();
      // Nobody may be waiting yet, or any more.
      slot.promise.catch(() => {});
      this.#waiting.set(kind, slot);
    }
    return slot;
  }
}
