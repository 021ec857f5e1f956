import { type ErrorCode, ErthError } from "../../../errors.ts";
import type { MirrorNotice } from "../../../db/mirror/messages.ts";
import type { MirrorReport } from "../../mirror/report.ts";
import { errorBox } from "../../presentation/error_box.ts";
import { type Html, markup } from "../../presentation/html.ts";
import { oneLine } from "../../presentation/plain_text.ts";
import { answer, dot, gives, progressBar } from "../parts.ts";
import { type Connected, details, deviceFacts, facts, when } from "./details.ts";
import { connectForm, type Given, questionForm } from "./forms.ts";
import { mirrorWords, moment } from "./words.ts";

/** What a person did just now that the screen answers. */
export interface MirrorNote {
  /** What kept a command from being done. */
  error?: ErthError;
  /** What was given to connect, to be mended. Never the token. */
  wish?: Given;
  /** The name of a device that was taken off the list. */
  forgotten?: string;
}

/** What the screen needs. */
export interface MirrorScreenOptions {
  report: () => MirrorReport;
  /** Resolves when it is known how the mirror stands, or after so many milliseconds. */
  settled: (ms: number) => Promise<void>;
  /** The app's. */
  title: string;
}

const SETTLED_MS = 15_000;

/**
 * Answers `GET mirror` as fragment, JSON or text, whichever the request accepts. With `?wait` it
 * waits until it is known how the mirror stands.
 */
export function mirrorScreen({ report, settled, title }: MirrorScreenOptions) {
  return async (request: Request): Promise<Response> => {
    if (new URL(request.url).searchParams.has("wait")) await settled(SETTLED_MS);
    return answer(request, {
      json: report,
      text: () => mirrorText(report()),
      html: () => mirrorFragment(report(), title),
    });
  };
}

/** The state as text for a terminal. */
export function mirrorText(report: MirrorReport): string {
  const { headline, more } = mirrorWords(report);
  const lines = [headline, ...more ? [more] : []];
  if (report.phase === "off") return `${lines.join("\n")}\n`;
  const { error, notices } = report;
  if (error !== undefined) lines.push(`${new ErthError(error.code).hint} [${error.code}]`);
  for (const { code, at } of notices) {
    const { message, hint } = new ErthError(code);
    lines.push(`${moment(at)}  ${message} ${hint} [${code}]`);
  }
  lines.push(...facts(report).map(([name, value]) => `${name}: ${oneLine(value)}`), "Devices:");
  for (const device of report.devices) {
    lines.push(`  ${deviceFacts(device).map(oneLine).join("  ")}`);
  }
  if (report.aside.length > 0) lines.push("Left out:");
  for (const { code, id, table } of report.aside) {
    lines.push(`  ${oneLine(table)} ${oneLine(id)}  ${new ErthError(code).message} [${code}]`);
  }
  return `${lines.join("\n")}\n`;
}

/** The whole screen. */
export function mirrorFragment(report: MirrorReport, title: string, note: MirrorNote = {}): Html {
  const connected = report.phase === "off" ? undefined : report;
  return markup`
    <title>Mirror · ${title}</title>
    <section id="main" class="wide" tabindex="-1" aria-labelledby="mirror-title">
      <div class="pane mirror" hx-get="mirror" hx-target="#screen" hx-swap="innerMorph"
        hx-trigger="erth:mirror from:body" hx-indicator="this">
        <header class="bar"><h1 id="mirror-title">Mirror</h1>${
    connected && tools(connected)
  }</header>
        ${health(report)}
        ${connected && progress(connected)}
        ${connected && noticeBox(connected.notices)}
        ${said(note)}
        ${report.asking ? questionForm(report.asking) : form(report, note)}
        ${connected && details(connected)}
      </div>
    </section>
  `;
}

function tools({ phase }: Connected): Html {
  const name = phase === "offline" || phase === "stopped" ? "Try again" : "Mirror now";
  return markup`
    <div class="tools"><button class="button" type="button" ${gives("mirror/now")}>${name}</button>
    </div>
  `;
}

function progress({ phase, progress }: Connected): Html | undefined {
  if (phase !== "loading" || progress === undefined) return undefined;
  return progressBar("Compared so far", progress.done, Math.max(1, progress.total));
}

/** How it stands; if it stands still, what to do about that. */
function health(report: MirrorReport): Html {
  const { headline, more, state } = mirrorWords(report);
  const known = report.phase === "off" ? undefined : report.error;
  // The words say all there is to that.
  const error = known?.code === "MIRROR_OFFLINE" ? undefined : known;
  return markup`
    <div class="health" data-state="${state}" role="status">
      ${dot(state)}
      <div>
        <p>${headline}</p>
        ${error && markup`<p class="help">${new ErthError(error.code).hint}</p>`}
        ${more && markup`<p class="more">${more}</p>`}
        ${error && markup`<p class="code">${error.code}</p>`}
      </div>
    </div>
  `;
}

/** What happened and was mended. */
function noticeBox(notices: readonly MirrorNotice[]): Html | undefined {
  if (notices.length === 0) return undefined;
  const items = notices.map(({ at, code }) => {
    const { message, hint } = new ErthError(code);
    return markup`<p>${when(at)} <strong>${message}</strong> ${hint}</p>`;
  });
  return markup`
    <section class="notice" aria-label="What happened">
      ${items}
      <button class="button" type="button" ${gives("mirror/dismiss")}>Dismiss</button>
    </section>
  `;
}

function said({ error, forgotten }: MirrorNote): Html | undefined {
  if (forgotten === undefined) return error && errorBox(error, { seen: true });
  return markup`
    <p class="notice" role="status"><strong>${forgotten} is off the list.</strong> It still has the
      token. If it isn't yours any more, make a new token at the remote, revoke the old one, and
      connect each of your devices again with the new one.</p>
  `;
}

/** A form to connect: when it is off, and when only another token or another address helps. */
function form(report: MirrorReport, { wish }: MirrorNote): Html | undefined {
  if (report.phase === "off") return connectForm({ deviceName: report.deviceName, ...wish });
  const fixable: readonly ErrorCode[] = ["MIRROR_AUTH", "MIRROR_REMOTE_SWAPPED", "MIRROR_MERGE"];
  const helps = report.phase === "stopped" && fixable.includes(report.error?.code ?? "INTERNAL");
  if (!helps && wish === undefined) return undefined;
  return connectForm({ deviceName: report.deviceName, url: report.url, ...wish }, true);
}
