import { ErthError, isErrorCode } from "../../../errors.ts";
import type { DownloadReport } from "../../models/transfer/downloads.ts";
import type { ModelReport, ModelsReport } from "../../models/report.ts";
import { bytesInWords, countInWords, secondsInWords } from "../../presentation/words.ts";

/** How models stand, in words. */
export interface ModelsWords {
  /** Of a dot: `ready`, `starting`, `broken` or `off`. */
  state: string;
  headline: string;
  more?: string;
  /** Of what is wrong. */
  code?: string;
}

const QUOTES = "Erth answers with passages from your notes and files.";

/** Which model answers, as Status, screen and command line say it. */
export function modelsWords(report: ModelsReport): ModelsWords {
  const used = usedModel(report);
  if (report.default === null) {
    return { state: "off", headline: "No model is used.", more: QUOTES };
  }
  if (used === undefined) {
    const headline = `${report.default} isn't here any more.`;
    return { state: "broken", headline, more: `Choose another. Until then: ${QUOTES}` };
  }
  const { code, leaves, state, title, where } = used;
  const place = where === "On this computer" ? "on this computer" : `by ${where}`;
  const stays = leaves
    ? "Questions, and the passages found for them, go there."
    : "Nothing leaves this computer.";
  switch (state) {
    case "failed":
      return { state: "broken", headline: `${title} can't be used.`, more: problem(used), code };
    case "loading":
      return { state: "starting", headline: `${title} is being loaded.`, more: stays };
    case "ready":
      return { state: "ready", headline: `${title} answers, ${place}.`, more: stays };
    case "idle":
      return {
        state: "ready",
        headline: `${title} answers, ${place}.`,
        more: `It is loaded with the first question. ${stays}`,
      };
  }
}

/** The model that is used; undefined if there is none. */
export function usedModel(report: ModelsReport): ModelReport | undefined {
  return report.models.find(({ ref }) => ref === report.default);
}

/** What is wrong and what to do about it. */
export function problem({ code, detail }: { code?: string; detail?: string }): string {
  const error = new ErthError(isErrorCode(code) ? code : "INTERNAL");
  const seen = detail ? ` ${detail.replace(/([^.])$/, "$1.")}` : "";
  return `${error.message}${seen} ${error.hint}`;
}

/** How one model stands, in a few words. */
export function stateWords(model: ModelReport): string {
  const { bytes, context, file, progress, speed, state } = model;
  const last = speed === undefined ? "" : `${speed.toFixed(speed < 10 ? 1 : 0)} tokens a second`;
  switch (state) {
    case "failed":
      return problem(model);
    case "loading":
      return progress > 0 ? `Loading: ${Math.floor(progress * 100)} %` : "Loading …";
    case "idle":
      return ["Not loaded", last].filter(Boolean).join(" · ");
    case "ready": {
      if (file === undefined) return ["Ready", tokens(context), last].filter(Boolean).join(" · ");
      const memory = bytes === undefined ? "" : `${bytesInWords(bytes)} of memory`;
      return ["Loaded", memory, tokens(context), last].filter(Boolean).join(" · ");
    }
  }
}

/** How far a download is. */
export function downloadWords(report: DownloadReport): string {
  const { done, phase, rate, total } = report;
  const amount = total === undefined
    ? bytesInWords(done)
    : `${bytesInWords(done)} of ${bytesInWords(total)}`;
  switch (phase) {
    case "failed":
      return `${problem(report)} ${done > 0 ? `${amount} are here.` : ""}`.trim();
    case "paused":
      return `Paused: ${amount}`;
    case "waiting":
      return `Interrupted: ${amount}. It is tried again by itself.`;
    case "checking":
      return `Comparing the checksum of ${bytesInWords(done)} …`;
    case "running": {
      const speed = rate === undefined ? "" : `${bytesInWords(rate)} a second`;
      const left = rate && total ? `${timeLeft((total - done) / rate)} left` : "";
      return [amount, speed, left].filter(Boolean).join(" · ");
    }
  }
}

function tokens(context: number | undefined): string {
  return context === undefined ? "" : `context ${countInWords(context)} tokens`;
}

function timeLeft(seconds: number): string {
  return secondsInWords(Math.max(1, Math.round(seconds)));
}
