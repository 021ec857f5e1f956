import type { Log } from "../log.ts";
import type { EventHub } from "./gateway/events.ts";
import type { Gateway } from "./gateway/gateway.ts";
import { type LastWords, SAVING_MS } from "./gateway/last_words.ts";
import { endServer, type Server } from "./gateway/listen.ts";
import type { MirrorKeeper } from "./mirror/keeper.ts";
import type { Models } from "./models/mount.ts";
import { systemClock } from "./process/clock.ts";
import { endInPhases } from "./process/ending.ts";
import type { Engine } from "./sidecar/engine.ts";

/** How long each phase may take, in milliseconds; mostly none takes a tenth of it. */
const LIMITS = {
  pages: SAVING_MS,
  drafts: 1_000,
  changes: 1_000,
  mirror: 1_500,
  sidecar: 2_500,
  models: 1_500,
} as const;

/** What is to be ended. */
export interface Ending {
  lastWords: LastWords;
  events: EventHub;
  gateway: Gateway;
  server: Server;
  /** Ends streams when it is aborted. */
  streams: AbortController;
  mirror: MirrorKeeper;
  engine: Engine;
  models: Models | undefined;
  log: Log;
}

/**
 * Ends everything in order, so that nothing typed or saved is lost: pages save, or say what they
 * couldn't; changes under way are answered; then mirror, sidecar and models end.
 *
 * @param closing A word for this end, which pages repeat.
 * @param pages How many pages at least have to say that they have saved.
 */
export async function endAll(closing: string, pages: number, parts: Ending): Promise<void> {
  const { engine, events, gateway, lastWords, log, mirror, models, server, streams } = parts;
  let closed: Promise<void> | undefined;
  const asked = Math.max(pages, events.pages);
  const phases = [
    {
      name: "pages",
      run: () => {
        events.close(closing);
        return lastWords.saved(closing, asked);
      },
    },
    { name: "drafts", run: () => lastWords.keep() },
    { name: "changes", run: () => gateway.drained() },
    {
      name: "mirror",
      run: () => {
        // Streams end now, and nothing new is taken; both may take a moment beside the rest.
        streams.abort();
        closed = endServer(server);
        return mirror.stop(LIMITS.mirror);
      },
    },
    { name: "sidecar", run: () => engine.stop() },
    // After it: an answer under way would take their end for a crash.
    { name: "models", run: () => models?.stop(LIMITS.models) },
  ] as const;
  const limited = phases.map((phase) => ({ ...phase, limit: LIMITS[phase.name] }));
  await endInPhases(limited, systemClock, log);
  await closed;
}
