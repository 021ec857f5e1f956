/// <reference lib="dom" />
/**
 * Brings files here: a GGUF file becomes a model, anything else goes to the Library, or to the
 * conversation that is open.
 *
 * @module
 */
import { UploadMessage } from "./upload_message.ts";

/** What the shell knows of a file that it has taken, `model` if it is one. */
interface Taken {
  model?: unknown;
  [name: string]: unknown;
}

interface Failure {
  error?: { message?: string; hint?: string };
}

/** What an answer of status and text holds. @throws {Error} with words for a person if it failed. */
export function readAnswer(status: number, text: string): Taken {
  const answer: Taken & Failure = JSON.parse(text || "{}");
  if (status >= 400) throw refusal(answer);
  return answer;
}

/** Brings files, one after the other; `thread` is that of the open conversation, or empty. */
export async function bringFiles(files: File[], thread: string): Promise<void> {
  for (const file of files) {
    await bring(file.name, thread, (message) => upload(file, message));
  }
}

/** Brings the files that only the shell knows, from the window. */
export async function bringDropped(thread: string): Promise<void> {
  const response = await fetch("shell/dropped", { method: "POST" });
  const { files }: { files: ({ name: string } & Taken & Failure)[] } = await response.json();
  for (const file of files) {
    await bring(file.name, thread, () => {
      if (file.error) throw refusal(file);
      return file;
    });
  }
}

/** Brings one file, with a message that tells how far it is and what became of it. */
async function bring(
  name: string,
  thread: string,
  take: (message: UploadMessage) => Taken | Promise<Taken>,
): Promise<void> {
  const message = new UploadMessage(name);
  try {
    const { model, ...file } = await take(message);
    if (model) return message.end("is here.", "models");
    await addToLibrary({ ...file, thread });
    message.end(thread ? "is attached." : "is here.", "library");
  } catch (error) {
    message.fail((error as Error).message);
  }
}

/** Sends a file to the shell. By XMLHttpRequest, as fetch doesn't tell how far it is. */
function upload(file: File, message: UploadMessage): Promise<Taken> {
  return new Promise<XMLHttpRequest>((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.upload.onprogress = ({ loaded, total }) => message.show(loaded / Math.max(1, total));
    request.onload = () => resolve(request);
    request.onerror = () => reject(new Error("couldn't be read, or Erth doesn't answer."));
    request.onabort = () => reject(new Error("was cancelled."));
    message.onCancel(() => request.abort());
    request.open("POST", `shell/upload?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("accept", "application/json");
    request.send(file);
  }).then(({ status, responseText }) => readAnswer(status, responseText));
}

async function addToLibrary(file: Record<string, unknown>): Promise<void> {
  const fields = Object.entries(file).map(([name, value]) => [name, String(value)]);
  const response = await fetch("library", {
    method: "POST",
    headers: { accept: "application/json" },
    body: new URLSearchParams(fields),
  });
  readAnswer(response.status, await response.text());
}

function refusal({ error }: Failure): Error {
  return new Error(`isn't here. ${error?.message ?? ""} ${error?.hint ?? ""}`.trim());
}
