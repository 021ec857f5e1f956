import { escape } from "@std/html/entities";
import { type ErrorCode, ErthError } from "../../../errors.ts";
import type { MirrorAside, MirrorDevice, MirrorNotice } from "../../../db/mirror/messages.ts";
import type { MirrorReport } from "../../mirror/report.ts";
import { hostOf } from "../../mirror/target.ts";
import { connectForm, type Given, post, questionForm } from "./forms.ts";
import { entries, mirrorWords, moment } from "./words.ts";

/** What a person did just now that the screen answers. */
export interface MirrorNote {
  /** What kept a command from being done. */
  error?: ErthError;
  /** What was given to connect, to be mended. Never the token. */
  wish?: Given;
  /** The name of a device that was taken off the list. */
  forgotten?: string;
}

type Connected = Exclude<MirrorReport, { phase: "off" }>;

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
  return async ({ headers, url }: Request): Promise<Response> => {
    if (new URL(url).searchParams.has("wait")) await settled(SETTLED_MS);
    const accept = headers.get("accept") ?? "";
    if (accept.includes("application/json")) return Response.json(report());
    const [body, type] = accept.includes("text/plain")
      ? [mirrorText(report()), "plain"]
      : [mirrorFragment(report(), title), "html"];
    return new Response(body, { headers: { "content-type": `text/${type}; charset=utf-8` } });
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
  lines.push(...facts(report).map(([name, value]) => `${name}: ${value}`), "Devices:");
  for (const device of report.devices) lines.push(`  ${deviceFacts(device).join("  ")}`);
  if (report.aside.length > 0) lines.push("Left out:");
  for (const it of report.aside) lines.push(`  ${it.table} ${it.id}  ${words(it.code)}`);
  return `${lines.join("\n")}\n`;
}

/** The whole screen. */
export function mirrorFragment(report: MirrorReport, title: string, note: MirrorNote = {}): string {
  const connected = report.phase === "off" ? undefined : report;
  return `<title>Mirror · ${escape(title)}</title>
<section id="main" class="wide" tabindex="-1" aria-labelledby="mirror-title">
<div class="pane mirror" hx-get="mirror" hx-target="#screen" hx-swap="innerMorph" \
hx-trigger="erth:mirror from:body" hx-indicator="this">
<header class="bar"><h1 id="mirror-title">Mirror</h1>${connected ? tools(connected) : ""}</header>
${health(report)}
${connected ? progress(connected) + noticeBox(connected.notices) : ""}${said(note)}
${report.asking ? questionForm(report.asking) : form(report, note)}
${connected ? details(connected) : ""}</div></section>`;
}

function tools({ phase }: Connected): string {
  const name = phase === "offline" || phase === "stopped" ? "Try again" : "Mirror now";
  return `<div class="tools"><button class="button" ${post("now")}>${name}</button></div>`;
}

function progress({ phase, progress }: Connected): string {
  if (phase !== "loading" || progress === undefined) return "";
  const { done, total } = progress;
  return `<progress max="${Math.max(1, total)}" value="${done}" aria-label="Compared so far">\
</progress>\n`;
}

/** How it stands; if it stands still, what to do about that. */
function health(report: MirrorReport): string {
  const { headline, more, state } = mirrorWords(report);
  const known = report.phase === "off" ? undefined : report.error;
  // The words say all there is to that.
  const error = known?.code === "MIRROR_OFFLINE" ? undefined : known;
  const help = error && new ErthError(error.code).hint;
  const lines = [
    `<p>${escape(headline)}</p>`,
    help && `<p class="help">${escape(help)}</p>`,
    more && `<p class="more">${escape(more)}</p>`,
    error && `<p class="code">${error.code}</p>`,
  ];
  return `<div class="health" data-state="${state}" role="status"><span class="dot" \
data-state="${state}"></span><div>${lines.filter(Boolean).join("")}</div></div>`;
}

/** What happened and was mended. */
function noticeBox(notices: readonly MirrorNotice[]): string {
  if (notices.length === 0) return "";
  const items = notices.map(({ at, code }) => {
    const { message, hint } = new ErthError(code);
    return `<p><time datetime="${escape(at)}">${moment(at)}</time> ` +
      `<strong>${escape(message)}</strong> ${escape(hint)}</p>`;
  });
  return `<section class="notice" aria-label="What happened">${items.join("")}` +
    `<button class="button" ${post("dismiss")}>Dismiss</button></section>\n`;
}

function said({ error, forgotten }: MirrorNote): string {
  if (forgotten !== undefined) {
    return `<p class="notice" role="status"><strong>${
      escape(forgotten)
    } is off the list.</strong> ` +
      "It still has the token. If it isn't yours any more, make a new token at the remote, revoke " +
      "the old one, and connect each of your devices again with the new one.</p>";
  }
  if (error === undefined) return "";
  const { code, detail, hint, message } = error;
  const seen = detail === "" || code === "INTERNAL" ? "" : `<p class="seen">${escape(detail)}</p>`;
  return `<div class="error" role="alert" data-code="${code}"><p><strong>${
    escape(message)
  }</strong>` +
    `</p><p>${escape(hint)}</p>${seen}<p class="code">${code}</p></div>`;
}

/** A form to connect: when it is off, and when only another token or another address helps. */
function form(report: MirrorReport, { wish }: MirrorNote): string {
  if (report.phase === "off") return connectForm({ deviceName: report.deviceName, ...wish });
  const fixable: readonly ErrorCode[] = ["MIRROR_AUTH", "MIRROR_REMOTE_SWAPPED", "MIRROR_MERGE"];
  const helps = report.phase === "stopped" && fixable.includes(report.error?.code ?? "INTERNAL");
  if (!helps && wish === undefined) return "";
  return connectForm({ deviceName: report.deviceName, url: report.url, ...wish }, report);
}

function details(report: Connected): string {
  const rows = facts(report).map(([name, value]) =>
    `<div><dt>${escape(name)}</dt><dd>${escape(value)}</dd></div>`
  );
  const host = escape(hostOf(report.url));
  return `${asideList(report.aside)}${deviceTable(report.devices)}
<section><h2>Details</h2><dl class="facts">${rows.join("")}</dl></section>
<section><h2>Disconnect</h2><p>Nothing is sent or fetched any more, and the token is forgotten \
here. What is on ${host} stays there, and what is here stays here.</p>
<p><button class="button" ${post("disconnect")}>Disconnect</button></p></section>
`;
}

function asideList(aside: readonly MirrorAside[]): string {
  if (aside.length === 0) return "";
  const items = aside.map(({ at, code, direction, id, reason, table }) => {
    const { hint, message } = new ErthError(code);
    const from = direction === "pull" ? "It came from another device. " : "";
    return `<li><p>${entryLink(table, id)} <time datetime="${escape(at)}">${
      moment(at)
    }</time></p>` +
      `<p>${escape(message)} ${from}${escape(hint)}</p><p class="seen">${escape(reason)}</p></li>`;
  });
  return `<section><h2>Left out</h2><p>${entries(aside.length)} could not be mirrored. Everything \
else was.</p><ul class="aside">${items.join("")}</ul></section>`;
}

function entryLink(table: string, id: string): string {
  const [name, route] = ENTRIES[table] ?? [`An entry of ${table}`];
  if (route === undefined) return `<strong>${escape(name)}</strong>`;
  return `<a href="${route}/${encodeURIComponent(id)}">${name}</a>`;
}

/** What the tables of Erth itself are called, and where an entry is shown. */
const ENTRIES: Record<string, [string, string?]> = {
  notes: ["A note", "notes"],
  threads: ["A conversation", "chat"],
  messages: ["A message"],
  conflicts: ["A kept text"],
};

function deviceTable(devices: readonly MirrorDevice[]): string {
  if (devices.length === 0) return "";
  const rows = devices.map((device) => {
    const { id, name, own } = device;
    const [, seen, state] = deviceFacts(device);
    const button = `<button class="button" name="device" value="${escape(id)}" ` +
      `aria-label="Forget ${escape(name)}" ${post("forget")}>Forget</button>`;
    return `<tr><th scope="row">${escape(name)}</th><td>${state} <span>${seen}</span></td>` +
      `<td>${own ? "" : button}</td></tr>`;
  });
  return `<section><h2 id="devices-title">Devices</h2><table class="devices" \
aria-labelledby="devices-title"><thead><tr><th scope="col">Name</th><th scope="col">State</th>\
<th scope="col"><span class="sr">Forget</span></th></tr></thead>
<tbody>${rows.join("")}</tbody></table></section>`;
}

function deviceFacts({ behind, name, own, seen }: MirrorDevice): string[] {
  const state = behind === 0 ? "up to date" : `${behind.toLocaleString("en")} behind`;
  return [name, own ? "this one" : `seen ${moment(seen)}`, state];
}

function facts(report: Connected): [string, string][] {
  const { deviceName, listening, pending, sizes, upToDate, url } = report;
  const { batches, remoteBytes, tombstones } = sizes;
  const size = remoteBytes === undefined ? "" : `${bytes(remoteBytes)}, `;
  return [
    ["Remote", url],
    ["This device", deviceName],
    ["Leaves this computer", "notes, conversations and this device's name"],
    ["Last equal", upToDate === undefined ? "not yet" : moment(upToDate)],
    ["Waiting here", pending === 0 ? "nothing" : entries(pending)],
    ["News", listening ? "the remote tells of them at once" : "asked for from time to time"],
    [
      "Kept there",
      `${size}${some(batches, "batch", "batches")} of changes, ` +
      some(tombstones, "deletion", "deletions"),
    ],
  ];
}

function some(number: number, one: string, many: string): string {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

function words(code: ErrorCode): string {
  return `${new ErthError(code).message} [${code}]`;
}

function bytes(number: number): string {
  if (number < 1024 * 1024) return `${Math.ceil(number / 1024)} KB`;
  return `${(number / 1024 / 1024).toFixed(1)} MB`;
}
