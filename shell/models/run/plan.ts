import { ErthError } from "../../../errors.ts";
import type { GgufInfo } from "../gguf/gguf.ts";
import { bytesInWords } from "../../presentation/words.ts";
import type { ModelSettings } from "../settings/settings.ts";

/** Bytes of memory, in all and free for programs. */
export interface Memory {
  total: number;
  available: number;
}

/** How a model is to be loaded. */
export interface Plan {
  /** Tokens of each conversation. */
  context: number;
  /** How many answers it writes at once. */
  slots: number;
  threads: number;
  /** What it will take, in bytes: an estimate, rather too high. */
  bytes: number;
}

/** What a plan is made from. */
export interface PlanInput {
  info: Pick<GgufInfo, "context" | "vocabulary" | "bytesPerToken">;
  /** Of all its files. */
  bytes: number;
  settings: Pick<ModelSettings, "context" | "threads">;
  memory: Memory;
  /** What the system calls processors. */
  processors: number;
}

/** Enough for a long conversation with passages in it; more costs memory and time. */
const USUAL = 8192;
/** Below that no conversation fits. */
const LEAST = 512;
const SLOTS = 2;
/** Prompts are read in pieces of so many tokens. */
const PIECE = 512;
/** The program itself and its scratch memory, without what depends on the model. */
const BASE_BYTES = 96 << 20;
/** What stays for everything else. */
const KEPT = 0.03;

/**
 * Context, answers at once and threads: what the person wants, else what suits model and machine.
 *
 * @throws {ErthError} `MODEL_TOO_LARGE` if it doesn't fit into the memory that is free.
 */
export function planLoad({ info, bytes, settings, memory, processors }: PlanInput): Plan {
  // 32-bit numbers for each word of the vocabulary and each token of a piece.
  const fixed = bytes + BASE_BYTES + PIECE * info.vocabulary * 4;
  const room = memory.available - KEPT * memory.total;
  const longest = info.context ?? USUAL;
  const wanted = settings.context === undefined
    ? Math.min(longest, USUAL)
    : Math.min(settings.context, Math.max(longest, LEAST));
  const threads = clamp(settings.threads ?? usualThreads(processors), 1, 512);
  const need = (context: number, slots: number) => fixed + info.bytesPerToken * context * slots;
  const choices = [wanted, ...settings.context === undefined ? shorter(wanted) : []];
  for (const context of choices) {
    for (const slots of [SLOTS, 1]) {
      const bytes = need(context, slots);
      if (bytes <= room) return { context, slots, threads, bytes };
    }
  }
  const least = need(choices.at(-1)!, 1);
  const free = bytesInWords(Math.max(0, memory.available));
  throw new ErthError(
    "MODEL_TOO_LARGE",
    `About ${bytesInWords(least)} are needed with a context of ${choices.at(-1)}, ${free} are free`,
  );
}

function shorter(context: number): number[] {
  const found: number[] = [];
  for (let half = context / 2; half >= LEAST; half /= 2) found.push(Math.floor(half));
  return found;
}

/** Two processors are often one core, and what computes shares nothing well. */
function usualThreads(processors: number): number {
  return processors <= 4 ? processors : Math.ceil(processors / 2);
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, Math.floor(value)));
}
