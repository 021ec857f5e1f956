import { LineLog } from "../log.ts";
import { isOffered } from "./config/app.ts";
import { childEnvironment } from "./process/child.ts";
import { systemClock } from "./process/clock.ts";
import type { Config } from "./config/config.ts";
import { ConnectionFile } from "./mirror/connection_file.ts";
import { Engine } from "./sidecar/engine.ts";
import { EventHub } from "./gateway/events.ts";
import { Gateway, type Screen, type ShellCommand } from "./gateway/gateway.ts";
import { Guard } from "./gateway/guard.ts";
import { Health } from "./sidecar/health.ts";
import { Hold } from "./gateway/hold.ts";
import { Instance, type Running } from "./instance/instance.ts";
import { Launches } from "./instance/launches.ts";
import { launchCommands } from "./commands/launch.ts";
import { endServer, listen } from "./gateway/listen.ts";
import { openLogFile } from "./config/log_file.ts";
import { measure } from "./gateway/measure.ts";
import { droppedCommand, modelCommands, uploadCommand } from "./commands/models.ts";
import { modelCommand } from "./models/run/command.ts";
import { Models } from "./models/mount.ts";
import { MirrorKeeper } from "./mirror/keeper.ts";
import { mirrorCommands } from "./commands/mirror.ts";
import { Proxy } from "./gateway/proxy.ts";
import { Parts } from "./payload/parts.ts";
import { FOLDERS, readBuild } from "./payload/resources.ts";
import { mirrorScreen } from "./screens/mirror/screen.ts";
import { modelsScreen } from "./screens/models/screen.ts";
import { statusFile, type StatusReport, statusScreen } from "./screens/status/screen.ts";
import { Site } from "./gateway/site.ts";
import { warmUp } from "./gateway/warm_up.ts";
import { equalConstantTime, mintToken, randomText } from "./process/token.ts";
import { surviveUnexpected } from "./process/unexpected.ts";

/** What the backend's owner does for it, and wants of it. */
export interface BackendHooks {
  /** Brings the window to the front. */
  raise?: () => void;
  /** Other commands shall not use it: it ends in a moment. */
  secluded?: boolean;
}

/** The running program behind the window. */
export interface Backend {
  /** How scripts reach it. */
  readonly running: Running;
  /** A link for a browser; it works once. */
  launchUrl(): string;
  /** Such links by way of a page, for programs that are told them by argument. */
  readonly launches: Launches;
  /** Resolves when the first sidecar answers; rejects with what keeps it from starting. */
  readonly ready: Promise<void>;
  /** Resolves with the exit code after a signal or `shell/stop`. */
  readonly finished: Promise<number>;
  /** What the Status screen shows. */
  report(): StatusReport;
  /** Somebody holds files over the window: the page may ask for them once they are let go. */
  hold(paths: readonly string[]): void;
  /** Ends everything in order, within three seconds. */
  stop(): Promise<void>;
}

/** Of the three seconds; the rest is for what comes after. */
const STOP_MS = 2_500;
/** What the mirror gets of it at least, should the sidecar be slow to end. */
const MIRROR_STOP_MS = 400;
/** What a model process gets that doesn't heed its stop line. */
const MODELS_STOP_MS = 1_500;

/**
 * Composes everything. Returns as soon as the gateway listens; store and sidecar follow, and what
 * fails there shows in the page.
 *
 * @throws {ErthError} `PORT_IN_USE`.
 */
export function startBackend(config: Config, hooks: BackendHooks = {}): Backend {
  const started = systemClock.monotonic();
  const { app, paths } = config;
  const build = readBuild();
  const log = new LineLog(openLogFile(paths.logs, app.name), config.logLevel);
  const events = new EventHub((listeners) => mirror.front(listeners > 0));
  const health = new Health(systemClock);
  const hold = new Hold();
  const ending = new AbortController();
  const finished = Promise.withResolvers<number>();
  const prefix = `/${randomText(16)}/`;

  // The address must be known before what answers there can be made.
  const handler: { gateway?: Gateway } = {};
  const server = listen(
    { port: config.port, log },
    (...asked) => handler.gateway!.handle(...asked),
  );
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const token = mintToken().text;
  const running = { url: origin + prefix, token, pid: Deno.pid, version: build.version };
  const guard = new Guard({
    origin,
    prefix,
    token,
    instance: randomText(6),
    now: systemClock.monotonic,
    random: randomText,
    equal: equalConstantTime,
  });
  const parts = new Parts(config);
  const mirrors = isOffered(app, "mirror");
  const mirror = new MirrorKeeper({
    file: new ConnectionFile(paths.data),
    spawn: () => new Worker(new URL("../db/mirror/worker.ts", import.meta.url), { type: "module" }),
    place: async () => ({
      database: engine.database,
      synchronous: engine.synchronous,
      addon: await parts.store(),
      fault: config.fault,
    }),
    version: build.version,
    deviceName: Deno.hostname(),
    lazy: hooks.secluded ?? false,
    publish: (change) => events.publish(change),
    log,
    clock: systemClock,
    random: Math.random,
  });
  const engine = new Engine({
    paths,
    origin,
    logLevel: config.logLevel,
    migrations: FOLDERS.migrations,
    parts,
    command: config.sidecarCommand,
    env: childEnvironment(config.environment),
    hold,
    health,
    events,
    mirrors,
    onMigrated: () => mirror.storeIsReady(),
    onCommitted: () => mirror.committed(),
    assistant: () => models?.assistant(),
    onWish: ({ ref, speed, wanted }) =>
      wanted ? models?.keeper.wanted(ref) : models?.keeper.released(ref, speed),
    onGone: () => models?.keeper.generationEnded(),
    log,
  });
  const models = !isOffered(app, "model") ? undefined : new Models({
    data: paths.data,
    command: modelCommand({
      parts,
      command: config.sidecarCommand,
      env: childEnvironment(config.environment),
    }),
    lazy: hooks.secluded ?? false,
    publish: (change) => events.publish(change),
    tell: () => engine.tellAssistant(),
    memory: () => Deno.systemMemoryInfo(),
    processors: navigator.hardwareConcurrency,
    clock: systemClock,
    log,
    random: Math.random,
    mintId: () => mintToken().id,
    mintKey: () => randomText(24),
    equal: equalConstantTime,
  });
  const site = new Site({
    folder: FOLDERS.site,
    prefix,
    measured: config.measureUrl !== undefined,
  });
  const proxy = new Proxy({ hold, log, mintKey: () => mintToken().id });
  const launches = new Launches({
    address: running.url,
    folder: paths.data,
    title: app.title,
    mint: (onUsed) => guard.mintLaunchCode(onUsed),
    clock: systemClock,
  });
  const report = (): StatusReport => ({
    name: app.name,
    title: app.title,
    version: build.version,
    versions: build.versions,
    pid: Deno.pid,
    uptime: (systemClock.monotonic() - started) / 1000,
    sidecar: health.report(),
    mirror: mirror.report(),
    models: models?.report(),
    database: { path: engine.database, bytes: fileSize(engine.database) },
    folders: paths,
    notices: config.notices,
    log: log.tail(),
  });
  const screens = new Map<string, Screen>([
    ["status", statusScreen(report)],
    ["status.txt", statusFile(report)],
  ]);
  const commands = new Map<string, ShellCommand>([
    ["retry", { caller: "any", run: () => done(() => engine.retry()) }],
    ...launchCommands(launches),
    ["focus", { caller: "script", run: () => done(() => hooks.raise?.()) }],
    ["stop", { caller: "script", run: () => done(() => finished.resolve(0)) }],
    ["measure", { caller: "any", run: measure(config.measureUrl) }],
  ]);
  if (mirrors) {
    const settled = (ms: number) => mirror.settled(ms);
    screens.set(
      "mirror",
      mirrorScreen({ report: () => mirror.report(), settled, title: app.title }),
    );
    for (const [name, command] of mirrorCommands(mirror, app.title)) commands.set(name, command);
  }
  if (models !== undefined) {
    screens.set("models", modelsScreen({ models, title: app.title }));
    for (const [name, command] of modelCommands(models, app.title)) commands.set(name, command);
    commands.set("upload", uploadCommand(models));
    commands.set("dropped", droppedCommand(models));
  }
  handler.gateway = new Gateway({
    prefix,
    home: app.home,
    guard,
    events,
    frame: (route) => site.frame(route, events.last),
    asset: (request, name) => site.asset(request, name),
    forward: (request, target, caller) => proxy.forward(request, target, caller),
    screens,
    commands,
    signal: ending.signal,
    log,
  });
  const forgetSignals = onSignals(() => finished.resolve(0));
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    log.info("erth.stopping");
    forgetSignals();
    ending.abort();
    const end = Date.now() + STOP_MS;
    // The sidecar first: its last commits may still leave.
    const leave = () => mirror.stop(Math.max(MIRROR_STOP_MS, end - Date.now()));
    await Promise.all([
      // Models go after it: an answer under way would take their end for a crash.
      engine.stop().then(() => Promise.all([leave(), models?.stop(MODELS_STOP_MS)])),
      endServer(server),
    ]);
    launches.close();
    parts.close();
    log.info("erth.stopped");
  };
  log.info("erth.started", { version: build.version, pid: Deno.pid, data: paths.data });
  // A command ends by what nobody caught, rather than wait for what never comes.
  if (!hooks.secluded) surviveUnexpected(log);
  if (!hooks.secluded) publish(paths.data, running, log);
  engine.start();
  void models?.start(engine.ready);
  if (hooks.raise !== undefined) warmUp(handler.gateway, running);
  return {
    running,
    launchUrl: () => launches.link(),
    launches,
    ready: engine.ready,
    finished: finished.promise,
    report,
    hold: (paths) => models?.dropped.hold(paths),
    stop: () => stopped ??= stop(),
  };
}

/** SIGTERM and Ctrl+C end Erth in order; the function it returns forgets them. */
function onSignals(end: () => void): () => void {
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, end);
  return () => {
    for (const signal of signals) Deno.removeSignalListener(signal, end);
  };
}

/** A folder that can't be written to costs the address card, not the window that says so. */
function publish(data: string, running: Running, log: LineLog): void {
  try {
    Instance.publish(data, running);
  } catch (error) {
    log.warn("instance.unpublished", { error });
  }
}

function done(run: () => void): Response {
  run();
  return new Response(null, { status: 204 });
}

function fileSize(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0;
  }
}
