import { ErthError } from "../../../errors.ts";
import { isPrivate } from "../../process/loopback.ts";

/** Programs that people run models with, and where those listen by themselves. */
export const PRESETS = {
  ollama: { title: "Ollama", url: "http://127.0.0.1:11434/v1" },
  lmstudio: { title: "LM Studio", url: "http://127.0.0.1:1234/v1" },
  "llama-server": { title: "llama-server", url: "http://127.0.0.1:8080/v1" },
  openai: { title: "", url: "" },
} as const;
export type Preset = keyof typeof PRESETS;

/** What a person gives for an endpoint. */
export interface EndpointWish {
  /** Which fields to fill in; `openai` by default. */
  preset?: string;
  url?: string;
  title?: string;
  key?: string;
  /** The model to ask for, should the server not list any. */
  model?: string;
  /** Whether unencrypted connections may leave the network at home. */
  force?: boolean;
}

/** What is asked for, in full. */
export interface EndpointTarget {
  preset: Preset;
  title: string;
  /** Without a slash at the end. */
  url: string;
  key: string;
  named?: string;
}

/**
 * Checks where an endpoint shall be.
 *
 * @throws {ErthError} `ENDPOINT_URL`, `ENDPOINT_AUTH` for a key that can't be one.
 */
export function readEndpoint(wish: EndpointWish): EndpointTarget {
  const preset = isPreset(wish.preset) ? wish.preset : "openai";
  const { title, url: usual } = PRESETS[preset];
  const text = wish.url?.trim() || usual;
  if (text === "") throw new ErthError("ENDPOINT_URL", "There is no address");
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `${scheme(text)}://${text}`);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new ErthError("ENDPOINT_URL", "It must start with https:// or http://");
  }
  if (url.protocol === "http:" && !wish.force && !isPrivate(url.hostname)) {
    throw new ErthError("ENDPOINT_URL", `${url.host} would be spoken to without encryption`);
  }
  const key = wish.key?.trim() || url.password;
  if (!/^[\x21-\x7e]*$/.test(key)) {
    throw new ErthError("ENDPOINT_AUTH", "The key has spaces or letters that none has");
  }
  const named = wish.model?.trim().slice(0, 200);
  // A whole route that was copied is as good as its beginning.
  const path = url.pathname.replace(/\/+$/, "").replace(/\/(chat\/completions|models)$/, "");
  return {
    preset,
    title: wish.title?.trim().slice(0, 60) || title || url.host,
    url: `${url.protocol}//${url.host}${path}`,
    key,
    ...named ? { named } : {},
  };
}

/** Whether a text names a preset. */
export function isPreset(text: string | undefined): text is Preset {
  return text !== undefined && Object.hasOwn(PRESETS, text);
}

/** Where an endpoint is, for people: `Ollama at 127.0.0.1:11434`. */
export function placeOf({ title, url }: { title: string; url: string }): string {
  const { host } = new URL(url);
  return title === host ? host : `${title} at ${host}`;
}

function scheme(text: string): string {
  const host = URL.parse(`http://${text}`)?.hostname ?? "";
  return isPrivate(host) ? "http" : "https";
}
