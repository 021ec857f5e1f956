import { ErthError } from "../../../errors.ts";
import type { MirrorReport } from "../../mirror/report.ts";
import { hostOf } from "../../mirror/target.ts";
import { amountInWords, countInWords, secondsInWords } from "../../presentation/words.ts";

/** How the mirror stands, in words. */
export interface MirrorWords {
  /** Of a dot: `ready`, `starting`, `offline`, `broken` or `off`. */
  state: string;
  /** One or two short sentences. */
  headline: string;
  /** What follows from that, if anything does. */
  more?: string;
}

/** The state of the mirror as Status, screen and command line say it. */
export function mirrorWords(report: MirrorReport): MirrorWords {
  if (report.phase === "off") {
    return { state: "off", headline: "Off. Everything stays on this computer." };
  }
  const host = hostOf(report.url);
  const { error, pending, progress, since, upToDate } = report;
  switch (report.phase) {
    case "connecting":
      if (error === undefined) return { state: "starting", headline: `Connecting to ${host} …` };
      return { state: "starting", headline: "Saved here. The mirror starts anew after a failure." };
    case "loading": {
      const amount = progress
        ? `: ${countInWords(progress.done)} of ${entries(progress.total)}`
        : "";
      const more = "You can go on working meanwhile.";
      return { state: "starting", headline: `Comparing with ${host}${amount}.`, more };
    }
    case "offline":
      // Not the network's fault: a full disk, say.
      if (error !== undefined && error.code !== "MIRROR_OFFLINE") {
        const { message } = new ErthError(error.code);
        const headline = `Saved here. Not mirrored since ${moment(since)}: ${lower(message)}`;
        return { state: "offline", headline, more: "It is tried again by itself." };
      }
      return {
        state: "offline",
        headline: pending > 0
          ? `Saved here. Not yet on ${host}: offline since ${moment(since)}.`
          : `Saved here. Offline since ${moment(since)}: ${host} can't be reached.`,
        more: (pending > 0 ? `${waits(pending)} ` : "") + "It goes on by itself.",
      };
    case "behind":
      return {
        state: "starting",
        headline: pending > 0
          ? `Saved here. Not yet on ${host}: ${entries(pending)}.`
          : `Saved here. Fetching what is new on ${host}.`,
      };
    case "stopped": {
      const { message } = new ErthError(error?.code ?? "INTERNAL");
      const last = upToDate ? ` Both sides were last equal ${on(upToDate)}.` : "";
      return {
        state: "broken",
        headline: `Saved here. Not mirrored since ${moment(since)}: ${lower(message)}`,
        more: pending > 0 ? `${waits(pending)}${last}` : last.trim() || undefined,
      };
    }
    case "current":
      return { state: "ready", headline: `Saved here and on ${host}.`, more: fresh(report) };
  }
}

/** A time as a person here reads it: the clock today, with the date before that. */
export function moment(iso: string, now = new Date()): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  const clock = [time.getHours(), time.getMinutes()].map((it) => `${it}`.padStart(2, "0"));
  if (time.toDateString() === now.toDateString()) return clock.join(":");
  const month = time.toLocaleString("en", { month: "short" });
  const year = time.getFullYear() === now.getFullYear() ? "" : ` ${time.getFullYear()}`;
  return `${time.getDate()} ${month}${year}, ${clock.join(":")}`;
}

/** `1 entry`, `2,000 entries`. */
export function entries(number: number): string {
  return amountInWords(number, "entry", "entries");
}

function waits(pending: number): string {
  return `${entries(pending)} ${pending === 1 ? "waits" : "wait"} to be sent.`;
}

function on(iso: string): string {
  const text = moment(iso);
  return text.includes(",") ? `on ${text}` : `at ${text}`;
}

function fresh({ since, freshness }: { since: string; freshness?: number }): string {
  const start = `Up to date since ${moment(since)}.`;
  if (freshness === undefined) return start;
  return `${start} The latest change was there after ${
    secondsInWords(Math.max(freshness, 50) / 1000)
  }.`;
}

/** A sentence as the second half of another. */
function lower(sentence: string): string {
  return sentence.replace(/^(The|There|A|This|Both|Something)\b/, (word) => word.toLowerCase());
}
