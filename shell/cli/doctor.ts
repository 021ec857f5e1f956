import { join } from "node:path";
import { asErthError, type ErrorCode, ErthError, isDiskFull } from "../../errors.ts";
import { Webview } from "@webview/webview";
import { DATABASE_NAME, Store } from "../../db/store/store.ts";
import { startBackend } from "../backend.ts";
import { type Config, hasDisplay } from "../config/config.ts";
import { secureFolders } from "../config/folders.ts";
import { Instance } from "../instance/instance.ts";
import { Parts } from "../payload/parts.ts";
import { hasDatabase } from "../payload/resources.ts";
import { windowLibrary } from "../payload/window_library.ts";
import { systemClock, within } from "../process/clock.ts";
import { Session } from "./session.ts";
import { oneLine } from "../presentation/plain_text.ts";
import { print, printJson } from "./print.ts";

/** How long the engine may take, a first unpacking included. */
const READY_MS = 120_000;

/** One line of the doctor's report. */
interface Finding {
  check: string;
  ok: boolean;
  /** What was seen. */
  detail: string;
  /** What to do, if it isn't well. */
  hint?: string;
  code?: ErrorCode;
}

/** `erth doctor`: checks this computer line by line; each line says what to do. */
export async function doctor(config: Config): Promise<number> {
  const findings: Finding[] = [];
  const check = async (name: string, run: () => string | Promise<string>) => {
    try {
      findings.push({ check: name, ok: true, detail: await run() });
    } catch (thrown) {
      const { code, detail, hint, message } = asErthError(thrown);
      findings.push({ check: name, ok: false, detail: detail || message, hint, code });
    }
    if (!config.json) tell(findings.at(-1)!);
  };
  const { data, cache } = config.paths;
  await check("Window", () => openWindow(config));
  await check("Owners", () => owners(config));
  await check("Data folder", () => writable(data, "STORE_READ_ONLY"));
  await check("Cache folder", () => writable(cache, "PAYLOAD_DISK"));
  const claim = await Instance.claim(data);
  if (claim.state === "mine") {
    await using _ = claim.instance;
    if (hasDatabase()) await check("Database", () => integrity(config));
    await check("Engine", () => startOnce(config));
  } else if (claim.state !== "unwritable") {
    // What keeps it from being written to is in the lines above.
    await check("Running instance", () => askRunning(config));
  }
  if (config.json) printJson({ findings });
  // Without a screen there is nothing wrong: `erth serve` needs none.
  const failed = findings.find(({ ok, code }) => !ok && code !== "NO_DISPLAY");
  return failed === undefined ? 0 : new ErthError(failed.code ?? "INTERNAL").exit;
}

function tell({ check, ok, detail, hint }: Finding): void {
  print(`${ok ? "ok  " : "FAIL"}  ${check}: ${oneLine(detail)}${ok ? "" : `\n      ${hint}`}`);
}

/** Makes a window without showing it: loads all that a window needs. */
async function openWindow(config: Config): Promise<string> {
  if (!hasDisplay()) throw new ErthError("NO_DISPLAY", "DISPLAY and WAYLAND_DISPLAY are not set");
  const { backend } = config.window;
  using _ = new Webview({ backend, libraryPath: await windowLibrary(config) });
  return `the ${backend} WebView works`;
}

function owners({ paths }: Config): string {
  return secureFolders(paths).join("; ") || "the folders are yours alone";
}

/** Writes and syncs a small file, as the database will. */
async function writable(folder: string, code: ErrorCode): Promise<string> {
  const probe = join(folder, `.doctor-${Deno.pid}`);
  try {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    using file = await Deno.open(probe, { create: true, write: true, mode: 0o600 });
    await file.write(new Uint8Array(64 * 1024));
    await file.sync();
    return folder;
  } catch (error) {
    throw new ErthError(isDiskFull(error) ? "STORE_FULL" : code, `${folder}: ${error}`);
  } finally {
    await Deno.remove(probe).catch(() => {});
  }
}

async function integrity(config: Config): Promise<string> {
  await new Parts(config).store();
  const path = join(config.paths.data, DATABASE_NAME);
  const store = await Store.open({ path, synchronous: "NORMAL" });
  try {
    const rows = store.rows<{ integrity_check: string }>("PRAGMA integrity_check(5)");
    const words = rows.map((row) => row.integrity_check).join("; ");
    if (words !== "ok") throw new ErthError("STORE_DAMAGED", words);
    return `${path}: ok`;
  } finally {
    store.close();
  }
}

async function startOnce(config: Config): Promise<string> {
  const backend = startBackend(config, { kind: "command" });
  try {
    if (!await within(systemClock, READY_MS, backend.ready)) {
      throw new ErthError("SIDECAR_UNAVAILABLE", `It wasn't ready in ${READY_MS / 1000} s`);
    }
    await backend.ready;
    const { sidecar } = backend.report();
    return `started, process ${sidecar.pid}`;
  } finally {
    await backend.stop();
  }
}

async function askRunning(config: Config): Promise<string> {
  const session = await Session.attach(config);
  return `process ${session.running.pid} answers`;
}
