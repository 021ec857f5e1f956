import type { ModelSettings } from "../settings/settings.ts";

/** A model on this computer. */
export interface ModelSource {
  ref: string;
  /** Of its first file. */
  path: string;
  /** All its files; by default the first alone. */
  parts?: readonly string[];
  settings: ModelSettings;
}

/** Why a model can't be used. */
export interface ModelFailure {
  /** Of the error catalogue. */
  code: string;
  detail: string;
}

/** How a model stands. */
export interface ModelState extends Partial<ModelFailure> {
  state: "idle" | "loading" | "ready" | "failed";
  /** 0 to 1. */
  progress: number;
  /** Of a ready one: where it answers, the key, the context in tokens, the process. */
  url?: string;
  key?: string;
  context?: number;
  tools?: boolean;
  pid?: number;
  /** What its process holds of the memory, shared with the file cache or not. */
  bytes?: number;
  /** Tokens per second of its last answer. */
  speed?: number;
}
