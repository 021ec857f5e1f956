import { ErthError } from "../../errors.ts";
import type { DownloadReport } from "./transfer/downloads.ts";
import { placeOf } from "./endpoints/target.ts";
import type { EndpointReport } from "./endpoints/endpoints.ts";
import type { ModelFile } from "./files/files.ts";
import { type Memory, planLoad } from "./run/plan.ts";
import { titleOf } from "./settings/names.ts";
import type { ModelSettings } from "./settings/settings.ts";

/** How a model of this computer stands. */
export interface LoadState {
  state: "idle" | "loading" | "ready" | "failed";
  /** 0 to 1. */
  progress: number;
  code?: string;
  detail?: string;
  /** Tokens of a conversation, once it is loaded. */
  context?: number;
  /** Of memory that it takes. */
  bytes?: number;
  /** Tokens a second of its last answer. */
  speed?: number;
}

/** What a page shows of a model. */
export interface ModelReport extends LoadState {
  ref: string;
  title: string;
  /** `On this computer`, `Ollama at 127.0.0.1:11434`. */
  where: string;
  /** Whether what is asked leaves this computer. */
  leaves: boolean;
  settings: ModelSettings;
  /** Of a file. */
  file?: FileReport;
}

/** What is known of a model's file. */
export interface FileReport {
  path: string;
  /** Whether it lies in the folder of models. */
  own: boolean;
  bytes: number;
  architecture?: string;
  parameters?: number;
  quantization?: string;
  /** The longest context that it was made for. */
  longest?: number;
  /** What it would take with the context that it would get. */
  plan?: { bytes: number; context: number };
  /** Whether the memory that is free would do. */
  fits: boolean;
}

/** The answer to `GET models`. Holds no key. */
export interface ModelsReport {
  /** A reference; null: `quote`. */
  default: string | null;
  models: ModelReport[];
  endpoints: EndpointReport[];
  downloads: DownloadReport[];
  /** Where files are put to be found. */
  folder: string;
  memory: Memory & { used: number };
  processors: number;
}

/** What the report is made from. */
export interface ReportInput {
  default: string | null;
  files: readonly ModelFile[];
  endpoints: EndpointReport[];
  downloads: DownloadReport[];
  folder: string;
  memory: Memory;
  processors: number;
  state: (ref: string) => LoadState | undefined;
  /** Why a model isn't loaded again by itself. */
  failed: (ref: string) => { code: string; detail: string } | undefined;
  settings: (ref: string) => ModelSettings;
}

/** Everything that the Models screen shows. */
export function modelsReport(input: ReportInput): ModelsReport {
  const { downloads, endpoints, files, folder, memory, processors } = input;
  const local = files.map((file) => ofFile(file, input));
  const used = local.reduce((sum, { bytes = 0 }) => sum + bytes, 0);
  return {
    default: input.default,
    models: [...local, ...endpoints.flatMap((endpoint) => ofEndpoint(endpoint, input))],
    endpoints,
    downloads,
    folder,
    memory: { ...memory, used },
    processors,
  };
}

function ofFile(file: ModelFile, input: ReportInput): ModelReport {
  const { bytes, info, name, own, path, ref, refused } = file;
  const loaded = input.state(ref);
  const failed = refused ?? input.failed(ref);
  const idle: LoadState = failed === undefined
    ? { state: "idle", progress: 0 }
    : { state: "failed", progress: 0, ...failed };
  const active = loaded !== undefined && loaded.state !== "idle" && refused === undefined;
  return {
    ...active ? shown(loaded) : { ...idle, ...speed(loaded) },
    ref,
    title: titleOf(name),
    where: "On this computer",
    leaves: false,
    settings: input.settings(ref),
    file: {
      path,
      own,
      bytes,
      architecture: info?.architecture,
      parameters: info?.parameters,
      quantization: info?.quantization,
      longest: info?.context,
      ...fitting(file, input),
    },
  };
}

/** Address and key of a loaded model are the sidecar's alone. */
function shown({ bytes, code, context, detail, progress, speed, state }: LoadState): LoadState {
  return { state, progress, code, detail, context, bytes, speed };
}

function speed(state: LoadState | undefined): { speed?: number } {
  return state?.speed === undefined ? {} : { speed: state.speed };
}

function fitting(
  { bytes, info, ref }: ModelFile,
  { memory, processors, settings, state }: ReportInput,
): Pick<FileReport, "plan" | "fits"> {
  if (info === undefined) return { fits: true };
  // What it takes already would be free if it weren't loaded.
  const available = memory.available + (state(ref)?.bytes ?? 0);
  const wanted = { info, bytes, settings: settings(ref), processors };
  try {
    const plan = planLoad({ ...wanted, memory: { ...memory, available } });
    return { plan: { bytes: plan.bytes, context: plan.context }, fits: true };
  } catch (thrown) {
    if (!(thrown instanceof ErthError)) throw thrown;
    return { fits: false };
  }
}

function ofEndpoint(endpoint: EndpointReport, { settings }: ReportInput): ModelReport[] {
  const { code, detail, id, leaves, models } = endpoint;
  const trouble = code === undefined
    ? { state: "ready" as const }
    : { state: "failed" as const, code, detail };
  return models.map(({ context, name }) => {
    const ref = `${id}/${name}`;
    const where = placeOf(endpoint);
    const more = { settings: settings(ref), context: settings(ref).context ?? context };
    return { ref, title: name, where, leaves, progress: 1, ...trouble, ...more };
  });
}
