import { roomBeside } from "../../disk.ts";
import { asErthError } from "../../errors.ts";
import type { Level, Log } from "../../log.ts";
import { Books } from "./books.ts";
import { Mirror } from "./mirror.ts";
import { MirrorLoop } from "./loop.ts";
import type { MirrorMessage, MirrorOrder, MirrorStart } from "./messages.ts";
import { useAddon } from "../store/native_addon.ts";
import { Remote } from "../remote/remote.ts";
import { Store } from "../store/store.ts";

declare const self: DedicatedWorkerGlobalScope;
interface DedicatedWorkerGlobalScope {
  onmessage: ((event: MessageEvent<MirrorOrder>) => void) | null;
  postMessage(message: MirrorMessage): void;
  addEventListener(
    type: "unhandledrejection",
    listener: (event: PromiseRejectionEvent) => void,
  ): void;
  close(): void;
}

/** What runs in this thread while it is connected. */
interface Connection {
  store: Store;
  remote: Remote;
  mirror: Mirror;
  loop: MirrorLoop;
}

let connection: Promise<Connection> | undefined;
let hasAddon = false;

self.onmessage = ({ data }) => void obey(data);

// Nobody caught it, so nobody knows what it left half done: the thread ends, and the shell starts
// another. But its parent hears one line only.
self.addEventListener("unhandledrejection", ({ reason }) => {
  say("error", "mirror.unexpected", { stack: reason?.stack ?? String(reason) });
});

async function obey(order: MirrorOrder): Promise<void> {
  if (order.order === "start") {
    connection = connect(order.options);
    try {
      (await connection).loop.start();
    } catch (error) {
      // The shell starts a thread that ended so once more, later.
      say("error", "mirror.broken", { detail: asErthError(error).detail });
      self.postMessage({ message: "stopped" });
      self.close();
    }
    return;
  }
  if (order.order === "probe") return await answer(order.call, () => probe(order));
  const here = await connection?.catch(() => undefined);
  if (order.order === "stop") return await stop(here);
  if (here === undefined) return;
  const { loop, mirror, remote } = here;
  if (order.order === "committed") loop.committed();
  else if (order.order === "front") loop.front = order.front;
  else if (order.order === "now") await answer(order.call, () => loop.now());
  else if (order.order === "forget") {
    await answer(order.call, async () => {
      await remote.forget(order.device);
      await mirror.report();
    });
    loop.tell();
  } else {
    try {
      mirror.books.notices = [];
    } catch {
      // Whoever is writing now keeps them on the screen; they can be dismissed again.
    }
    loop.tell();
  }
}

/** Carries a call out and tells its end. */
async function answer(call: number, work: () => Promise<void>): Promise<void> {
  try {
    await work();
    self.postMessage({ message: "done", call });
  } catch (thrown) {
    const { code, detail } = asErthError(thrown);
    self.postMessage({ message: "done", call, error: { code, detail } });
  }
}

async function connect(options: MirrorStart): Promise<Connection> {
  const store = await openStore(options);
  const remote = new Remote(options);
  const mirror = await Mirror.open({
    store,
    remote,
    log,
    deviceName: options.deviceName,
    version: options.version,
    merge: options.merge,
    room: () => roomBeside(options.database),
    fault: fatal(options.fault),
    onChanged: (changes) => {
      loop.lively();
      self.postMessage({ message: "changed", changes: gathered(changes) });
    },
    onProgress: (done, total) => loop.progress(done, total),
  });
  const tell = (state: Parameters<ConstructorParameters<typeof MirrorLoop>[0]["tell"]>[0]) =>
    self.postMessage({ message: "state", state });
  const loop = new MirrorLoop({ mirror, remote, store, tell });
  return { store, remote, mirror, loop };
}

async function probe({ call, options }: Extract<MirrorOrder, { order: "probe" }>): Promise<void> {
  const store = await openStore(options);
  const remote = new Remote(options);
  try {
    const { id, ...found } = await remote.probe();
    const known = id !== undefined && new Books(store).position?.remote === id;
    const localRows = store.rows<{ name: string }>("SELECT name FROM mirrored").map(({ name }) =>
      store.rows<{ n: number }>(`SELECT count(*) AS n FROM ${name}`)[0]!.n
    ).reduce((sum, n) => sum + n, 0);
    self.postMessage({ message: "probed", call, probe: { ...found, known, localRows } });
  } finally {
    remote.close();
    store.close();
  }
}

async function stop(here: Connection | undefined): Promise<void> {
  try {
    await here?.loop.stop();
    here?.remote.close();
    here?.store.close();
  } finally {
    self.postMessage({ message: "stopped" });
    self.close();
  }
}

async function openStore({ addon, database, synchronous }: MirrorStart): Promise<Store> {
  if (addon !== undefined && !hasAddon) useAddon(addon);
  hasAddon = true;
  return await Store.open({ path: database, synchronous });
}

/** Ends the whole process at the step that a test names, as if somebody had killed it there. */
function fatal(fault: string | undefined): ((point: string) => void) | undefined {
  if (fault === undefined) return undefined;
  const [name, nth] = fault.split(":");
  let left = Number(nth ?? 1);
  return (point) => {
    if (point === name && --left === 0) Deno.kill(Deno.pid, "SIGKILL");
  };
}

/** Of many changes pages need to know the topic only. */
function gathered(changes: { topic: string; id: string }[]): { topic: string; id?: string }[] {
  const MOST = 50;
  if (changes.length <= MOST) return changes;
  return [...new Set(changes.map(({ topic }) => topic))].map((topic) => ({ topic }));
}

function say(level: Level, event: string, details: Record<string, unknown> = {}): void {
  self.postMessage({ message: "log", level, event, details });
}

const log: Log = {
  debug: (event, details) => say("debug", event, details),
  info: (event, details) => say("info", event, details),
  warn: (event, details) => say("warn", event, details),
  error: (event, details) => say("error", event, details),
};
