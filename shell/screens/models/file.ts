import type { FileReport, ModelReport } from "../../models/report.ts";
import { bytesInWords, countInWords } from "../../presentation/words.ts";

/** What kind of file it is, in a few words. */
export function fileWords({ bytes, longest, parameters, quantization }: FileReport): string {
  const size = parameters === undefined ? "" : `${billions(parameters)} parameters`;
  const made = longest === undefined ? "" : `made for ${countInWords(longest)} tokens`;
  return [bytesInWords(bytes), size, quantization, made].filter(Boolean).join(" · ");
}

/** Whether the memory is enough for it. */
export function fitWords({ file }: ModelReport): string {
  if (file?.plan === undefined) return "";
  const { bytes, context } = file.plan;
  const memory = bytesInWords(bytes);
  return `Takes about ${memory} of memory with a context of ${countInWords(context)} tokens`;
}

function billions(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)} billion`;
  return count >= 1e6 ? `${(count / 1e6).toFixed(0)} million` : countInWords(count);
}
