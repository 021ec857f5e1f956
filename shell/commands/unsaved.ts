import { ErthError, isErrorCode } from "../../errors.ts";
import type { Drafts, UnsavedText } from "../gateway/drafts.ts";
import { readBody } from "../gateway/body.ts";
import { readForm } from "../gateway/form.ts";
import type { ShellCommand } from "../gateway/gateway.ts";
import type { Confirmation, LastWords } from "../gateway/last_words.ts";
import { htmlResponse } from "../presentation/html.ts";
import { unsavedFragment } from "../screens/unsaved/screen.ts";

/** What these commands work with. */
export interface UnsavedOptions {
  drafts: Drafts;
  lastWords: LastWords;
  /** Called after each confirmation of a page that all is saved. */
  onSaved: (closing: string) => void;
  /** The sidecar's answer to a request of a script. */
  forward: (request: Request, target: string) => Promise<Response>;
}

/** Several notes of 4 MB, and what the form around them costs. */
const MOST_BYTES = 32 * 1024 * 1024;
const MOST_TEXTS = 100;

/** `shell/saved`, `shell/unsaved/keep` and `shell/unsaved/discard`. */
export function unsavedCommands(options: UnsavedOptions): [string, ShellCommand][] {
  const { drafts, lastWords, onSaved } = options;
  const saved = async (request: Request) => {
    const said = await readConfirmation(request);
    lastWords.hear(said);
    if (said.unsaved.length === 0) onSaved(said.closing);
    return new Response(null, { status: 204 });
  };
  const keep = async (request: Request) => {
    const { id = "" } = await readForm(request);
    const draft = drafts.list().find((it) => it.id === id);
    const note = draft === undefined ? undefined : await keepAsNote(options, draft, request);
    drafts.remove([id]);
    return htmlResponse(unsavedFragment(drafts.list(), note));
  };
  const discard = async (request: Request) => {
    const { id = "" } = await readForm(request);
    drafts.remove([id]);
    return htmlResponse(unsavedFragment(drafts.list()));
  };
  return [
    ["saved", { caller: "any", run: saved }],
    ["unsaved/keep", { caller: "any", run: keep }],
    ["unsaved/discard", { caller: "any", run: discard }],
  ];
}

/** Makes a note of a draft; its id. The same draft makes one note, however often this is tried. */
async function keepAsNote(
  { forward }: UnsavedOptions,
  { id, fields }: UnsavedText & { id: string },
  { signal, url }: Request,
): Promise<string> {
  const { body = "", tags = "", title = "" } = fields;
  const request = new Request(new URL("/", url), {
    method: "POST",
    headers: { accept: "application/json", "idempotency-key": id },
    body: new URLSearchParams({ title, body, tags }),
    signal,
  });
  const response = await forward(request, "/notes");
  const answer = await response.json();
  if (response.ok) return String(answer.id);
  const code: unknown = answer.error?.code;
  throw new ErthError(isErrorCode(code) ? code : "INTERNAL", "The draft couldn't be kept");
}

async function readConfirmation(request: Request): Promise<Confirmation> {
  const body = await readBody(request, { most: MOST_BYTES });
  const said = parse(new TextDecoder().decode(body));
  const { closing = "", page = "", unsaved = [] } = said;
  const words = [closing, page].every((it) => typeof it === "string" && it.length <= 64);
  const texts = Array.isArray(unsaved) && unsaved.length <= MOST_TEXTS && unsaved.every(isText);
  if (!words || !texts) throw new ErthError("BAD_REQUEST", "Not a confirmation");
  return { closing, page, unsaved } as Confirmation;
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text || "{}");
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // What it holds is somebody's, so it isn't repeated.
  }
  throw new ErthError("BAD_REQUEST", "The body is no JSON object");
}

function isText(it: unknown): boolean {
  if (typeof it !== "object" || it === null) return false;
  const { path, fields } = it as Record<string, unknown>;
  return typeof path === "string" && typeof fields === "object" && fields !== null &&
    Object.values(fields).every((value) => typeof value === "string");
}
