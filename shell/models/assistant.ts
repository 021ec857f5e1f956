import { basename } from "node:path";
import type { ModelKeeper } from "./run/keeper.ts";
import type { ModelSource } from "./run/state.ts";
import { titleOf } from "./settings/names.ts";

/** A model as the sidecar is told of it; "Assistant" in `docs/contracts.md`. */
export interface AssistantModel {
  ref: string;
  title: string;
  /** "On this computer", "Ollama at 127.0.0.1:11434". */
  where: string;
  /** Whether what is asked leaves this computer. */
  leaves: boolean;
  state: "idle" | "loading" | "ready" | "failed";
  progress: number;
  code?: string;
  detail?: string;
  /** `URL/chat/completions` on loopback, the key to it, and the model's name there. */
  url?: string;
  key?: string;
  name?: string;
  /** In tokens, where it is known. */
  context: number | null;
  tools: boolean;
  /** Goes into the request as it is. */
  sampling: Record<string, number>;
  system: string;
}

/** What the sidecar is told of all models. */
export interface AssistantReport {
  default: string | null;
  models: AssistantModel[];
}

/** Where it is put together from. */
export interface AssistantInput {
  default: string | null;
  sources: readonly ModelSource[];
  keeper: Pick<ModelKeeper, "state">;
  endpoints: readonly AssistantModel[];
}

/** The name that the model process gives its one model. */
const NAME = "model";

/** All that the sidecar needs to know of models, secrets of loopback included. */
export function assistantReport(input: AssistantInput): AssistantReport {
  const local = input.sources.map((source) => localModel(source, input.keeper));
  return { default: input.default, models: [...local, ...input.endpoints] };
}

function localModel(
  { ref, path, settings }: ModelSource,
  keeper: Pick<ModelKeeper, "state">,
): AssistantModel {
  const { state, progress, code, detail, url, key, context, tools } = keeper.state(ref);
  const { temperature, top_p, max_tokens, system = "" } = settings;
  const sampling = Object.entries({ temperature, top_p, max_tokens })
    .filter((entry): entry is [string, number] => entry[1] !== undefined);
  return {
    ref,
    title: titleOf(basename(path)),
    where: "On this computer",
    leaves: false,
    state,
    progress,
    ...code !== undefined && { code, detail },
    ...url !== undefined && { url, key, name: NAME },
    context: context ?? null,
    tools: tools ?? false,
    sampling: Object.fromEntries(sampling),
    system,
  };
}
