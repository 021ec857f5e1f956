import { join } from "node:path";
import { asErthError, ErthError } from "../errors.ts";
import { type Log, LineLog } from "../log.ts";
import { DATABASE_NAME, Store } from "../db/store.ts";
import { migrate, readMigrations, schemaNumber } from "../db/migrate.ts";
import type { Config } from "./config.ts";
import { EventHub } from "./events.ts";
import { Gateway } from "./gateway.ts";
import { Guard } from "./guard.ts";
import { Health } from "./health.ts";
import { Hold } from "./hold.ts";
import { Instance, type Running } from "./instance.ts";
import { openLogFile } from "./log_file.ts";
import { Proxy } from "./proxy.ts";
import { folders, preparePayload, readApp, readBuild, sidecarCommand } from "./resources.ts";
import { statusScreen, type StatusReport } from "./screens/status.ts";
import { SidecarService } from "./sidecar.ts";
import { Site } from "./site.ts";
import { Supervisor } from "./supervisor.ts";
import { equalConstantTime, mintToken } from "./token.ts";

/** What the window does for the backend. */
export interface BackendHooks {
  /** Brings the window to the front. */
  raise?: () => void;
}

/** The running program behind the window: gateway, sidecar and all that belongs to them. */
export interface Backend {
  /** How scripts reach it. */
  readonly running: Running;
  /** A link for a browser; it works once. */
  launchUrl(): string;
  /** Resolves when the first sidecar answers; rejects with what kept it from starting. */
  readonly ready: Promise<void>;
  /** Resolves with the exit code after a signal or `shell/stop`. */
  readonly finished: Promise<number>;
  /** What the Status screen shows. */
  report(): StatusReport;
  /** Ends everything in order, within three seconds. */
  stop(): Promise<void>;
}

const SERVER_GRACE_MS = 800;

/**
 * Composes everything. Resolves as soon as the gateway listens; store and sidecar follow, and what
 * fails there shows in the page.
 *
 * @throws {ErthError} `PORT_IN_USE`.
 */
export async function startBackend(config: Config, hooks: BackendHooks = {}): Promise<Backend> {
  const started = Date.now();
  const build = readBuild();
  const log = new LineLog(logSink(config), config.logLevel);
  const events = new EventHub();
  const health = new Health(Date.now);
  const hold = new Hold();
  const ending = new AbortController();
  const ready = Promise.withResolvers<void>();
  const finished = Promise.withResolvers<number>();
  ready.promise.catch(() => {});

  const random = (bytes: number) =>
    crypto.getRandomValues(new Uint8Array(bytes)).toBase64({
      alphabet: "base64url",
      omitPadding: true,
    });
  const prefix = `/${random(16)}/`;
  const token = mintToken().text;
  const proxy = new Proxy({ hold, log, mintKey: () => mintToken().id });
  let gateway: Gateway;
  const server = listen(config.port, (request) => gateway.handle(request));
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const url = origin + prefix;
  const guard = new Guard({
    origin,
    prefix,
    token,
    instance: random(6),
    now: Date.now,
    random,
    equal: equalConstantTime,
  });
}
