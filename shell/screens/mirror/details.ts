import { ErthError } from "../../../errors.ts";
import type { MirrorAside, MirrorDevice } from "../../../db/mirror/messages.ts";
import type { MirrorReport } from "../../mirror/report.ts";
import { hostOf } from "../../mirror/target.ts";
import { type Html, markup } from "../../presentation/html.ts";
import { amountInWords, bytesInWords, countInWords } from "../../presentation/words.ts";
import { factList, gives } from "../parts.ts";
import { entries, moment } from "./words.ts";

/** The report of a mirror that has a remote. */
export type Connected = Exclude<MirrorReport, { phase: "off" }>;

/** All there is to say of a connection: what was left out, devices, facts, and its end. */
export function details(report: Connected): Html {
  return markup`
    ${asideList(report.aside)}
    ${deviceTable(report.devices)}
    <section><h2>Details</h2>${factList(facts(report))}</section>
    <section>
      <h2>Disconnect</h2>
      <p>Nothing is sent or fetched any more, and the token is forgotten here. What is on
        ${hostOf(report.url)} stays there, and what is here stays here.</p>
      <p><button class="button" type="button" ${gives("mirror/disconnect")}>Disconnect</button></p>
    </section>
  `;
}

/** What is known of a connection, by name. */
export function facts(report: Connected): [string, string][] {
  const { deviceName, listening, pending, sizes, upToDate, url } = report;
  const { batches, remoteBytes, tombstones } = sizes;
  const kept = [
    ...remoteBytes === undefined ? [] : [bytesInWords(remoteBytes)],
    `${amountInWords(batches, "batch", "batches")} of changes`,
    amountInWords(tombstones, "deletion", "deletions"),
  ];
  return [
    ["Remote", url],
    ["This device", deviceName],
    ["Leaves this computer", "notes, conversations and this device's name"],
    ["Last equal", upToDate === undefined ? "not yet" : moment(upToDate)],
    ["Waiting here", pending === 0 ? "nothing" : entries(pending)],
    ["News", listening ? "the remote tells of them at once" : "asked for from time to time"],
    ["Kept there", kept.join(", ")],
  ];
}

/** A device's name, when it was seen, and how it stands. */
export function deviceFacts({ behind, name, own, seen }: MirrorDevice): [string, string, string] {
  const state = behind === 0 ? "up to date" : `${countInWords(behind)} behind`;
  return [name, own ? "this one" : `seen ${moment(seen)}`, state];
}

/** A time, for people and for programs. */
export function when(iso: string): Html {
  return markup`<time datetime="${iso}">${moment(iso)}</time>`;
}

function asideList(aside: readonly MirrorAside[]): Html | undefined {
  if (aside.length === 0) return undefined;
  return markup`
    <section>
      <h2>Left out</h2>
      <p>${entries(aside.length)} could not be mirrored. Everything else was.</p>
      <ul class="aside">${aside.map(asideItem)}</ul>
    </section>
  `;
}

function asideItem({ at, code, direction, id, reason, table }: MirrorAside): Html {
  const { hint, message } = new ErthError(code);
  const from = direction === "pull" ? "It came from another device. " : "";
  return markup`
    <li>
      <p>${entryLink(table, id)} ${when(at)}</p>
      <p>${message} ${from}${hint}</p>
      <p class="seen">${reason}</p>
    </li>
  `;
}

function entryLink(table: string, id: string): Html {
  const [name, route] = ENTRIES[table] ?? [`An entry of ${table}`];
  if (route === undefined) return markup`<strong>${name}</strong>`;
  return markup`<a href="${route}/${encodeURIComponent(id)}">${name}</a>`;
}

/** What the tables of Erth itself are called, and where an entry is shown. */
const ENTRIES: Record<string, [string, string?]> = {
  notes: ["A note", "notes"],
  threads: ["A conversation", "chat"],
  messages: ["A message"],
  conflicts: ["A kept text"],
};

function deviceTable(devices: readonly MirrorDevice[]): Html | undefined {
  if (devices.length === 0) return undefined;
  return markup`
    <section>
      <h2 id="devices-title">Devices</h2>
      <table class="devices" aria-labelledby="devices-title">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">State</th>
            <th scope="col"><span class="sr">Forget</span></th>
          </tr>
        </thead>
        <tbody>${devices.map(deviceRow)}</tbody>
      </table>
    </section>
  `;
}

function deviceRow(device: MirrorDevice): Html {
  const [name, seen, state] = deviceFacts(device);
  return markup`
    <tr>
      <th scope="row">${name}</th>
      <td>${state} <span>${seen}</span></td>
      <td>${!device.own && forgetButton(device)}</td>
    </tr>
  `;
}

function forgetButton({ id, name }: MirrorDevice): Html {
  return markup`
    <button class="button" name="device" value="${id}" aria-label="Forget ${name}" type="button"
      ${gives("mirror/forget")}>Forget</button>
  `;
}
