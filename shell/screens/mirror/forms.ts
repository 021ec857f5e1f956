import { escape } from "@std/html/entities";
import type { MirrorQuestion } from "../../mirror/report.ts";
import { hostOf } from "../../mirror/target.ts";
import { entries } from "./words.ts";

/** What stands in the form's fields. There is no token: it is never shown again. */
export interface Given {
  url?: string;
  deviceName?: string;
}

/**
 * The form that connects.
 *
 * @param connected Whether there is a connection that it mends.
 */
export function connectForm({ url = "", deviceName = "" }: Given, connected?: unknown): string {
  return `<section>${connected ? "<h2>Connect again</h2>" : INTRODUCTION}
<form class="connect" autocomplete="off" hx-post="shell/mirror/connect" hx-target="#screen" \
hx-swap="innerMorph" data-here>
<label><span>Address</span><input name="url" required value="${escape(url)}" \
placeholder="libsql://…" inputmode="url" autocapitalize="off" spellcheck="false"></label>
<label><span>Token</span><input name="token" type="password" autocomplete="off" \
aria-describedby="token-help"></label>
<p id="token-help" class="under">It is kept in a file that only you can read, and never shown again.</p>
<label><span>Name of this device</span><input name="name" value="${escape(deviceName)}" \
maxlength="80"></label>
<p><button class="button primary">Connect</button></p>
</form>${connected ? "" : EXPLANATION}</section>`;
}

/** The second step: both sides hold something. */
export function questionForm(question: MirrorQuestion): string {
  const { devices, localRows, remoteRows, url } = question;
  const host = escape(hostOf(url));
  const users = devices.length === 0 ? "" : ` Used by: ${escape(devices.join(", "))}.`;
  return `<section class="notice" role="group" aria-labelledby="merge-title">
<h2 id="merge-title">Both sides hold data</h2>
<p>Here: ${entries(localRows)}. On ${host}: ${entries(remoteRows)}.${users}</p>
<p>Connecting merges them: afterwards both hold everything. Nothing is deleted on either side. A \
merge can't be undone.</p>
<p class="row"><button class="button primary" ${post("agree")}>Merge both</button>
<button class="button" ${post("decline")}>Don't connect</button></p></section>`;
}

const INTRODUCTION = `<p>Notes and conversations can also live in a libSQL database of yours, and \
on all your devices that are connected to it. Everything is saved here first; the network is never \
waited for.</p>`;

const EXPLANATION = `<h2>What leaves this computer</h2>
<p>Notes and conversations, deleted ones included, and this device's name: to that address, to \
nobody else. Whoever runs that database can read them. Settings, logs and models stay here.</p>`;

/** Attributes of a button that gives the mirror a command and shows what becomes of it. */
export function post(command: string): string {
  return `type="button" hx-post="shell/mirror/${command}" hx-target="#screen" ` +
    `hx-swap="innerMorph" data-here`;
}
