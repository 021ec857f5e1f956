import { asErthError, ErthError } from "../../../errors.ts";
import type { Log } from "../../../log.ts";
import { type Clock, pause } from "../../process/clock.ts";
import { isLoopback } from "../../process/loopback.ts";
import { type EndpointTarget, type EndpointWish, placeOf, readEndpoint } from "./target.ts";
import { readModelList } from "./list.ts";
import type { Reach } from "./reach.ts";
import type { AssistantFile, Endpoint, OfferedModel } from "../settings/settings.ts";

/** What a page shows of an endpoint. Never its key. */
export interface EndpointReport {
  id: string;
  title: string;
  preset: string;
  url: string;
  hasKey: boolean;
  /** Whether what is asked there leaves this computer. */
  leaves: boolean;
  models: OfferedModel[];
  /** What was wrong when it was last asked. */
  code?: string;
  detail?: string;
}

/** A model of the line that the sidecar is told; see `docs/contracts.md`. */
export interface EndpointModel {
  ref: string;
  title: string;
  where: string;
  leaves: boolean;
  state: "ready" | "failed";
  progress: number;
  url?: string;
  key?: string;
  name: string;
  code?: string;
  detail?: string;
  context: number | null;
  tools: boolean;
  sampling: Record<string, number>;
  system: string;
}

/** What endpoints need. */
export interface EndpointsOptions {
  settings: AssistantFile;
  reach: Reach;
  clock: Clock;
  log: Log;
  onChange: () => void;
}

/** The relay as endpoints see it: where requests to it go, and what opens it. */
export interface RelayAddress {
  origin: string;
  key: string;
}

const DEADLINE_MS = 8_000;
const FRESH_MS = 15_000;
const MOST_MODELS = 500;

/** The OpenAI-compatible servers that a person set up, and the models they offer. */
export class Endpoints {
  readonly #options: EndpointsOptions;
  readonly #trouble = new Map<string, ErthError>();
  readonly #asked = new Map<string, number>();

  constructor(options: EndpointsOptions) {
    this.#options = options;
  }

  /** One of them; undefined if there is none. */
  find(id: string): Endpoint | undefined {
    return this.#options.settings.content.endpoints.find((endpoint) => endpoint.id === id);
  }

  /** What there is to show. */
  report(): EndpointReport[] {
    return this.#options.settings.content.endpoints.map((endpoint) => {
      const { id, key, models, preset, title, url } = endpoint;
      const trouble = this.#trouble.get(id);
      const more = trouble ? { code: trouble.code, detail: trouble.detail } : {};
      return {
        id,
        title,
        preset,
        url,
        hasKey: key !== "",
        leaves: leaves(endpoint),
        models,
        ...more,
      };
    });
  }

  /** Their models as the sidecar is told of them; `relay` is where it reaches them. */
  models(relay: RelayAddress | undefined): EndpointModel[] {
    const { settings } = this.#options;
    return settings.content.endpoints.flatMap((endpoint) =>
      endpoint.models.map(({ context, name }) => {
        const ref = `${endpoint.id}/${name}`;
        const { context: set, system = "", threads: _, ...sampling } = settings.settings(ref);
        const there = relay && { url: `${relay.origin}/${endpoint.id}`, key: relay.key };
        return {
          ref,
          title: name,
          where: placeOf(endpoint),
          leaves: leaves(endpoint),
          state: "ready" as const,
          progress: 1,
          ...there,
          name,
          context: set ?? context ?? null,
          tools: true,
          sampling,
          system,
        };
      })
    );
  }

  /**
   * Asks a server for its models, and keeps it if it answers; its id. One with the same address is
   * replaced, and keeps its key if no other is given.
   *
   * @throws {ErthError} `ENDPOINT_URL`, `ENDPOINT_UNREACHABLE`, `ENDPOINT_AUTH`,
   * `ENDPOINT_BUSY`, `ENDPOINT_FOREIGN`, `ENDPOINT_SLOW`.
   */
  async add(wish: EndpointWish): Promise<string> {
    const { log, settings } = this.#options;
    const target = readEndpoint(wish);
    const before = settings.content.endpoints.find(({ url }) => url === target.url);
    target.key ||= before?.key ?? "";
    const models = await this.#ask(target);
    const id = before?.id ?? freeId(target, (it) => this.find(it) !== undefined);
    settings.change((content) => {
      const others = content.endpoints.filter((endpoint) => endpoint.id !== id);
      content.endpoints = [...others, { id, ...target, models }];
    });
    this.#trouble.delete(id);
    log.info("endpoint.added", { id, url: target.url, models: models.length });
    this.#options.onChange();
    return id;
  }

  /** Forgets one with its key. */
  remove(id: string): void {
    const { log, settings } = this.#options;
    if (this.find(id) === undefined) throw new ErthError("NOT_FOUND", `No endpoint is '${id}'`);
    settings.change((content) => {
      content.endpoints = content.endpoints.filter((endpoint) => endpoint.id !== id);
      for (const ref of Object.keys(content.models)) {
        if (ref.startsWith(`${id}/`)) delete content.models[ref];
      }
      if (content.default?.startsWith(`${id}/`)) content.default = null;
    });
    this.#trouble.delete(id);
    log.info("endpoint.removed", { id });
    this.#options.onChange();
  }

  /** Asks those anew that weren't asked a moment ago. Never throws: what is wrong is shown. */
  async refresh(force = false): Promise<void> {
    const now = this.#options.clock.monotonic();
    const due = this.#options.settings.content.endpoints.filter(({ id }) =>
      force || now - (this.#asked.get(id) ?? -Infinity) > FRESH_MS
    );
    await Promise.all(due.map((endpoint) => this.#renew(endpoint)));
  }

  /** Takes note of how a request to one went: `undefined` if it answered. */
  noted(id: string, trouble: ErthError | undefined): void {
    if (this.#trouble.get(id)?.code === trouble?.code) return;
    if (trouble === undefined) this.#trouble.delete(id);
    else this.#trouble.set(id, trouble);
    this.#options.onChange();
  }

  /**
   * Whether one answers at all: what it refuses, whoever asked it for something is told itself.
   *
   * @throws {ErthError} `ENDPOINT_UNREACHABLE`, `ENDPOINT_SLOW`.
   */
  async check(endpoint: Endpoint): Promise<void> {
    try {
      await this.#ask(endpoint);
    } catch (thrown) {
      const { code } = asErthError(thrown, "ENDPOINT_UNREACHABLE");
      if (code === "ENDPOINT_UNREACHABLE" || code === "ENDPOINT_SLOW") throw thrown;
    }
  }

  async #renew(endpoint: Endpoint): Promise<void> {
    const { id } = endpoint;
    this.#asked.set(id, this.#options.clock.monotonic());
    try {
      const models = await this.#ask(endpoint);
      if (JSON.stringify(models) !== JSON.stringify(this.find(id)?.models)) {
        this.#options.settings.change(({ endpoints }) => {
          const kept = endpoints.find((it) => it.id === id);
          if (kept !== undefined) kept.models = models;
        });
        this.#options.onChange();
      }
      this.noted(id, undefined);
    } catch (thrown) {
      this.noted(id, asErthError(thrown, "ENDPOINT_UNREACHABLE"));
    }
  }

  async #ask(endpoint: Pick<EndpointTarget, "key" | "named" | "url">): Promise<OfferedModel[]> {
    const { key, named, url } = endpoint;
    const { clock, reach } = this.#options;
    const ending = new AbortController();
    const limit = pause(clock, DEADLINE_MS);
    let late = false;
    void limit.over.then(() => ending.abort(late = true));
    const headers: Record<string, string> = { accept: "application/json" };
    if (key !== "") headers.authorization = `Bearer ${key}`;
    try {
      const response = await reach.fetch(new URL(`${url}/models`), {
        headers,
        signal: ending.signal,
      });
      if (response.status === 404 && named !== undefined) {
        await response.body?.cancel();
        return [{ name: named }];
      }
      return (await readModelList(response)).slice(0, MOST_MODELS);
    } catch (thrown) {
      if (thrown instanceof ErthError) throw thrown;
      if (late) throw new ErthError("ENDPOINT_SLOW", `Nothing within ${DEADLINE_MS / 1000} s`);
      throw new ErthError("ENDPOINT_UNREACHABLE", reasonOf(thrown, new URL(url).host));
    } finally {
      limit.cut();
    }
  }
}

function leaves({ url }: Pick<Endpoint, "url">): boolean {
  return !isLoopback(new URL(url).hostname);
}

function freeId({ preset, title }: EndpointTarget, isTaken: (id: string) => boolean): string {
  const letters = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-+|-+$/g, "");
  const wanted = preset === "openai" ? letters.slice(0, 40) || "server" : preset;
  // Names of engines that aren't endpoints.
  const reserved = (id: string) => id === "local" || id === "quote" || isTaken(id);
  let id = wanted;
  for (let number = 2; reserved(id); number++) id = `${wanted}-${number}`;
  return id;
}

/** What went wrong, without what a library wraps around it. */
function reasonOf(thrown: unknown, host: string): string {
  const words = `${thrown}`;
  if (/refused/i.test(words)) return `Nothing listens at ${host}`;
  if (/dns|lookup|resolve|not known/i.test(words)) return `There is no ${host}`;
  if (/certificate|UnknownIssuer|InvalidCert/i.test(words)) return `The certificate isn't trusted`;
  return `The connection to ${host} failed`;
}
