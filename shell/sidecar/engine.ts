import { join } from "node:path";
import { ErthError, isErrorCode } from "../../errors.ts";
import { capture, isCaptured } from "../../db/mirror/capture.ts";
import { DATABASE_NAME, Store } from "../../db/store/store.ts";
import { migrate, readMigrations, schemaNumber } from "../../db/store/migrate.ts";
import type { Log } from "../../log.ts";
import type { Command } from "../process/child.ts";
import { type Clock, systemClock } from "../process/clock.ts";
import type { EventHub } from "../gateway/events.ts";
import type { Health } from "./health.ts";
import type { Hold } from "../gateway/hold.ts";
import type { Paths } from "../config/paths.ts";
import type { Parts } from "../payload/parts.ts";
import { type LiveSidecar, SidecarService } from "./sidecar.ts";
import type { ModelWish } from "./messages.ts";
import { Supervisor, type SupervisorEvent } from "../process/supervisor.ts";

/** What a sidecar commits changes of; an answer is part of its thread. */
const TOPICS = ["notes", "threads", "library"];

/** From the first answer until the sidecar's files are hashed: frame and screen are there by then. */
const RECHECK_MS = 2_000;

/** What the engine is made of. */
export interface EngineOptions {
  paths: Paths;
  /** The gateway's, which the sidecar's preflight answers to. */
  origin: string;
  logLevel: string;
  /** The folder of the migrations. */
  migrations: string;
  parts: Parts;
  /** A sidecar to start in place of the bundled one; for development. */
  command?: readonly string[];
  /** The sidecar's whole environment. */
  env: Readonly<Record<string, string>>;
  hold: Hold;
  health: Health;
  events: EventHub;
  /** Whether the schema has tables for the mirror. */
  mirrors: boolean;
  /** The database has the schema that this version knows. */
  onMigrated: () => void;
  /** The sidecar has committed something. */
  onCommitted: () => void;
  /** What the sidecar has to know of models; without it nothing. */
  assistant?: () => unknown;
  /** An answer wants a model, or has let go of it. */
  onWish?: (wish: ModelWish) => void;
  /** A sidecar is gone, and with it all its answers. */
  onGone?: () => void;
  log: Log;
  clock?: Clock;
}

/** Store and sidecar: brings both up in order, keeps the sidecar alive, tells the others. */
export class Engine {
  readonly #options: EngineOptions;
  /** The database file's path. */
  readonly database: string;
  /** How far each commit is synced. */
  readonly synchronous: "NORMAL" | "FULL";
  readonly #ready = Promise.withResolvers<void>();
  readonly #clock: Clock;
  readonly #service: SidecarService;
  readonly #supervisor: Supervisor;
  #isMigrated = false;
  #hasAnswered = false;
  #cancelRecheck = () => {};

  constructor(options: EngineOptions) {
    this.#options = options;
    this.database = join(options.paths.data, DATABASE_NAME);
    this.synchronous = options.paths.portable ? "FULL" : "NORMAL";
    const { hold, events, log, paths } = options;
    const clock = this.#clock = options.clock ?? systemClock;
    // Most callers never look: what failed shows in the page.
    this.#ready.promise.catch(() => {});
    this.#service = new SidecarService({
      command: (signal) => this.#prepare(signal),
      greeting: () => ({
        origin: options.origin,
        database: this.database,
        dataDir: paths.data,
        logLevel: options.logLevel,
        synchronous: this.synchronous,
        assistant: options.assistant?.(),
      }),
      clock,
      log,
      onReady: (sidecar) => this.#answers(sidecar),
      onLost: (sidecar) => hold.gone(sidecar),
      onGone: (sidecar) => {
        hold.gone(sidecar);
        options.onGone?.();
      },
      onChanged: (change) => {
        events.publish(change);
        // An answer that grows is no commit that leaves this computer.
        if (change.topic !== "answer") options.onCommitted();
      },
      onWish: options.onWish,
    });
    this.#supervisor = new Supervisor({
      service: this.#service,
      clock,
      random: Math.random,
      log,
      onEvent: (event) => this.#follow(event),
    });
  }

  /** Resolves when the first sidecar answers; rejects with what keeps it from starting. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Starts; returns at once. */
  start(): void {
    this.#supervisor.start();
  }

  /** Tries again at once, if the breaker is open. */
  retry(): void {
    this.#supervisor.retry();
  }

  /** Tells the sidecar how models stand now. */
  tellAssistant(): void {
    this.#service.tell({ assistant: this.#options.assistant?.() });
  }

  /** Ends the sidecar in order. */
  async stop(): Promise<void> {
    this.#cancelRecheck();
    this.#options.hold.broken(new ErthError("SIDECAR_UNAVAILABLE", "Erth is ending"));
    await this.#supervisor.stop(2_000);
  }

  async #prepare(signal: AbortSignal): Promise<Command> {
    const { command, env, events, hold, health, parts } = this.#options;
    if (!this.#isMigrated) await this.#migrate();
    // Not again: closing the file would let go of the locks that the mirror's thread has on it.
    this.#isMigrated = true;
    this.#options.onMigrated();
    if (command !== undefined) {
      const [program = "", ...args] = command;
      return { command: program, args, env };
    }
    const bundled = await parts.sidecar((done, total) => {
      health.state = "unpacking";
      health.unpacked = done / total;
      hold.progress();
      events.publish({ topic: "unpacking" });
    }, signal);
    health.state = "starting";
    return { ...bundled, env };
  }

  /** Loads the database library only if there is something to do: most starts need none of it. */
  async #migrate(): Promise<void> {
    const { log, parts } = this.#options;
    const path = this.database;
    const migrations = await readMigrations(this.#options.migrations);
    const number = await schemaNumber(path);
    if (number === migrations.length) return;
    if (number > migrations.length) {
      throw new ErthError("SCHEMA_UNKNOWN", `The file has ${number}, not ${migrations.length}`);
    }
    await parts.store();
    // An empty file is an empty database, and SQLite gives its companions the same mode.
    if (number === 0) await Deno.writeFile(path, new Uint8Array(), { append: true, mode: 0o600 });
    const store = await Store.open({ path, synchronous: this.synchronous });
    try {
      migrate(store, migrations, log);
      // The triggers name columns, and those may be others now.
      if (this.#options.mirrors && isCaptured(store)) capture(store);
    } finally {
      store.close();
    }
  }

  #answers(sidecar: LiveSidecar): void {
    this.#options.health.ready(sidecar.generation, sidecar.pid);
    this.#options.hold.ready(sidecar);
    this.#ready.resolve();
    this.#options.events.publish({ topic: "sidecar" });
    if (this.#hasAnswered) this.#catchUp();
    else this.#cancelRecheck = this.#clock.after(RECHECK_MS, () => void this.#recheck());
    this.#hasAnswered = true;
  }

  /** The start believed that the sidecar's files are right; one of them may not be. */
  async #recheck(): Promise<void> {
    const { log, parts } = this.#options;
    try {
      if (await parts.recheckSidecar()) return;
    } catch (error) {
      log.warn("payload.unchecked", { error });
      return;
    }
    log.error("payload.changed");
    this.#service.end("A file of the engine had changed on the disk: it is unpacked anew");
  }

  /** The generation before may have died after a commit, before it could tell of it. */
  #catchUp(): void {
    for (const topic of TOPICS) this.#options.events.publish({ topic });
    this.#options.onCommitted();
  }

  #follow(event: SupervisorEvent): void {
    const { health, hold, events } = this.#options;
    if (event.type === "dead") {
      health.lost(event.reason);
      // It never answered: perhaps what was unpacked is damaged.
      if (!event.answered) this.#options.parts.doubt();
    } else if (event.type === "backoff") health.state = "backoff";
    else if (event.type === "trial" || event.type === "starting") health.state = "starting";
    else if (event.type === "breaker-open") {
      const code = isErrorCode(event.code) ? event.code : "SIDECAR_BROKEN";
      const error = new ErthError(code, event.cause);
      health.broken(event.cause, event.tail);
      hold.broken(error);
      this.#ready.reject(error);
    } else if (event.type === "breaker-closed") hold.broken(undefined);
    else return;
    events.publish({ topic: "sidecar" });
  }
}
