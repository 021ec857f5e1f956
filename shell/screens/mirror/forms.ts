import type { MirrorQuestion } from "../../mirror/report.ts";
import { hostOf } from "../../mirror/target.ts";
import { type Html, markup } from "../../presentation/html.ts";
import { gives } from "../parts.ts";
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
export function connectForm({ url, deviceName }: Given, connected = false): Html {
  return markup`
    <section>
      ${connected ? AGAIN : INTRODUCTION}
      <form class="connect" autocomplete="off" ${gives("mirror/connect")}>
        <label><span>Address</span><input name="url" required value="${url}"
          placeholder="libsql://…" inputmode="url" autocapitalize="off" spellcheck="false"></label>
        <label><span>Token</span><input name="token" type="password" autocomplete="off"
          aria-describedby="token-help"></label>
        <p id="token-help" class="under">It is kept in a file that only you can read, and never
          shown again.</p>
        <label><span>Name of this device</span><input name="name" value="${deviceName}"
          maxlength="80"></label>
        <p><button class="button primary">Connect</button></p>
      </form>
      ${!connected && EXPLANATION}
    </section>
  `;
}

/** The second step: both sides hold something. */
export function questionForm(question: MirrorQuestion): Html {
  const { devices, localRows, remoteRows, url } = question;
  const users = devices.length > 0 && ` Used by: ${devices.join(", ")}.`;
  return markup`
    <section class="notice" role="group" aria-labelledby="merge-title">
      <h2 id="merge-title">Both sides hold data</h2>
      <p>Here: ${entries(localRows)}. On ${hostOf(url)}: ${entries(remoteRows)}.${users}</p>
      <p>Connecting merges them: afterwards both hold everything. Nothing is deleted on either side.
        A merge can't be undone.</p>
      <p class="row">
        <button class="button primary" type="button" ${gives("mirror/agree")}>Merge both</button>
        <button class="button" type="button" ${gives("mirror/decline")}>Don't connect</button>
      </p>
    </section>
  `;
}

const AGAIN = markup`<h2>Connect again</h2>`;

const INTRODUCTION = markup`
  <p>Notes and conversations can also live in a libSQL database of yours, and on all your devices
    that are connected to it. Everything is saved here first; the network is never waited for.</p>
`;

const EXPLANATION = markup`
  <h2>What leaves this computer</h2>
  <p>Notes and conversations, deleted ones included, and this device's name: to that address, to
    nobody else. Whoever runs that database can read them. Settings, logs and models stay here.</p>
`;
