import { fileSize } from "../disk.ts";
import { LineLog } from "../log.ts";
import { isOffered } from "./config/app.ts";
import { childEnvironment } from "./process/child.ts";
import { systemClock } from "./process/clock.ts";
import type { Config } from "./config/config.ts";
import { ConnectionFile } from "./mirror/connection_file.ts";
import { endAll } from "./ending.ts";
import { Engine } from "./sidecar/engine.ts";
import { EventHub } from "./gateway/events.ts";
import { Gateway, type Screen, type ShellCommand } from "./gateway/gateway.ts";
import { Guard } from "./gateway/guard.ts";
import { Health } from "./sidecar/health.ts";
import { Hold } from "./gateway/hold.ts";
import { type Kind, publishCard, type Running, withdrawCard } from "./instance/card.ts";
import { Guests } from "./instance/guests.ts";
import { Launches } from "./instance/launches.ts";
import { launchCommands } from "./commands/launch.ts";
import { listen } from "./gateway/listen.ts";
import { openLogFile } from "./config/log_file.ts";
import { measure } from "./gateway/measure.ts";
import { unsavedCommands } from "./commands/unsaved.ts";
import { Drafts } from "./gateway/drafts.ts";
import { LastWords } from "./gateway/last_words.ts";
import { unsavedNotice, unsavedScreen } from "./screens/unsaved/screen.ts";
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
import { equalConstantTime, mintToken, proof, randomText } from "./process/token.ts";
import { surviveUnexpected } from "./process/unexpected.ts";

/** Whose backend it is, and what its owner does for it. */
export interface BackendOwner {
  /** For a `command`, nothing begins that isn't asked for: it ends in a moment. */
  kind: Kind;
  /** Brings the window to the front. */
  raise?: () => void;
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
  /** Resolves when `shell/stop` asks for an end. Signals belong to who owns the process. */
  readonly asked: Promise<void>;
  /** What the Status screen shows. */
  report(): StatusReport;
  /** Somebody holds files over the window: the page may ask for them once they are let go. */
  hold(paths: readonly string[]): void;
  /** Resolves when no other command uses it any more. */
  left(): Promise<void>;
  /** Ends everything in order; pages were told under the name of `closing`, if it is given. */
  stop(closing?: string): Promise<void>;
}

/**
 * Composes everything. Returns as soon as the gateway listens; store and sidecar follow, and what
 * fails there shows in the page.
 *
 * @throws {ErthError} `PORT_IN_USE`.
 */
export function startBackend(config: Config, owner: BackendOwner): Backend {
  const started = systemClock.monotonic();
  const { app, paths } = config;
  const build = readBuild();
  const log = new LineLog(openLogFile(paths.logs, app.name), config.logLevel);
  const events = new EventHub((listeners) => mirror.front(listeners > 0));
  const health = new Health(systemClock);
  const drafts = new Drafts(paths.data);
  const mintId = () => mintToken().id;
  const lastWords = new LastWords({ drafts, clock: systemClock, mintId, log });
  const hold = new Hold();
  const ending = new AbortController();
  const asked = Promise.withResolvers<void>();
  const prefix = `/${randomText(16)}/`;

  // The address must be known before what answers there can be made.
  const handler: { gateway?: Gateway } = {};
  const server = listen(
    { port: config.port, log },
    (...asked) => handler.gateway!.handle(...asked),
  );
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const token = mintToken().text;
  const running = {
    url: origin + prefix,
    token,
    pid: Deno.pid,
    version: build.version,
    kind: owner.kind,
  };
  const guests = new Guests();
  const guard = new Guard({
    origin,
    prefix,
    token,
    instance: randomText(6),
    now: systemClock.monotonic,
    random: randomText,
    equal: equalConstantTime,
  });
  const payloads = new Parts(config);
  const mirrors = isOffered(app, "mirror");
  const mirror = new MirrorKeeper({
    file: new ConnectionFile(paths.data),
    spawn: () => new Worker(new URL("../db/mirror/worker.ts", import.meta.url), { type: "module" }),
    place: async () => ({
      database: engine.database,
      synchronous: engine.synchronous,
      addon: await payloads.store(),
      fault: config.fault,
    }),
    version: build.version,
    deviceName: Deno.hostname(),
    lazy: owner.kind === "command",
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
    parts: payloads,
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
      parts: payloads,
      command: config.sidecarCommand,
      env: childEnvironment(config.environment),
    }),
    lazy: owner.kind === "command",
    publish: (change) => events.publish(change),
    tell: () => engine.tellAssistant(),
    memory: () => Deno.systemMemoryInfo(),
    processors: navigator.hardwareConcurrency,
    clock: systemClock,
    log,
    random: Math.random,
    mintId,
    mintKey: () => randomText(24),
    equal: equalConstantTime,
  });
  const site = new Site({
    folder: FOLDERS.site,
    prefix,
    measured: config.measureUrl !== undefined,
  });
  const proxy = new Proxy({ hold, log, mintKey: mintId });
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
    ["unsaved", unsavedScreen(() => drafts.list())],
  ]);
  const raise = () => {
    owner.raise?.();
    return owner.raise !== undefined || guests.raise();
  };
  const commands = new Map<string, ShellCommand>([
    ["retry", { caller: "any", run: () => done(() => engine.retry()) }],
    ...launchCommands(launches),
    ["focus", { caller: "script", run: () => Response.json({ raised: raise() }) }],
    ["guest", {
      caller: "script",
      run: (request) => guests.welcome(request, ending.signal),
    }],
    ["stop", { caller: "script", run: () => done(() => asked.resolve()) }],
    ["measure", { caller: "any", run: measure(config.measureUrl) }],
  ]);
  const forward = (request: Request, target: string) => proxy.forward(request, target, "script");
  const onSaved = (closing: string) => guests.tell({ word: "saved", closing });
  for (const [name, command] of unsavedCommands({ drafts, lastWords, onSaved, forward })) {
    commands.set(name, command);
  }
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
    frame: (route) => {
      const notice = drafts.list().length > 0 ? unsavedNotice() : undefined;
      return site.frame(route, events.last, notice);
    },
    asset: (request, name) => site.asset(request, name),
    forward: (request, target, caller) => proxy.forward(request, target, caller),
    screens,
    commands,
    signal: ending.signal,
    prove: (nonce) => proof(token, nonce),
    log,
  });
  const { gateway } = handler;
  let stopped: Promise<void> | undefined;
  const stop = async (closing: string = randomText(12)) => {
    log.info("erth.stopping");
    // Who starts Erth now waits for the end, and then has a window of its own.
    guests.close();
    withdrawCard(paths.data);
    // The window's page, which hears nothing while it is out of sight, is told by the window.
    const pages = owner.raise !== undefined && events.hadPages ? 1 : 0;
    const streams = ending;
    const parts = { lastWords, events, gateway, server, streams, mirror, engine, models, log };
    await endAll(closing, pages, parts);
    launches.close();
    payloads.close();
    log.info("erth.stopped");
  };
  log.info("erth.started", { version: build.version, pid: Deno.pid, data: paths.data });
  // A command ends by what nobody caught, rather than wait for what never comes.
  if (owner.kind !== "command") surviveUnexpected(log);
  publishCard(paths.data, running, log);
  engine.start();
  void models?.start(engine.ready);
  if (owner.raise !== undefined) warmUp(gateway, running);
  return {
    running,
    launchUrl: () => launches.link(),
    launches,
    ready: engine.ready,
    asked: asked.promise,
    report,
    hold: (paths) => models?.dropped.hold(paths),
    left: () => guests.left(),
    stop: (closing) => stopped ??= stop(closing),
  };
}

function done(run: () => void): Response {
  run();
  return new Response(null, { status: 204 });
}
