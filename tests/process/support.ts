import { TextLineStream } from "@std/streams/text-line-stream";
import { type Erth, type Generation, poll } from "../harness.ts";

/** Long enough to stay visible in a socket's queue, and well below the gateway's limit. */
const FILLER_BYTES = 8_000;
const ATTEMPTS = 10;

/** An answer as the stream's end tells it. */
export interface Answer {
  id: string;
  state: string;
  body: string;
}

/** A note as `GET notes` lists it. */
export interface Listed {
  id: string;
  title: string;
  snippet: string;
}

/** A header that makes a request stand out in `hasUnread`. */
export const FILLER = { "x-filler": "x".repeat(FILLER_BYTES) };

/**
 * Whether a request with `FILLER` lies unread at a port of 127.0.0.1: it has arrived there, and
 * nobody has looked at it.
 */
export function hasUnread(port: number): boolean {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return Deno.readTextFileSync("/proc/net/tcp").split("\n").some((line) => {
    const [, address, , , queues] = line.trim().split(/\s+/);
    return address === local && parseInt(queues!.split(":")[1]!, 16) >= FILLER_BYTES;
  });
}

/** The sidecar that answers, once there is one. */
export async function readySidecar(erth: Erth): Promise<Generation> {
  const pid = await erth.sidecar();
  return (await erth.generations()).findLast((generation) => generation.pid === pid)!;
}

/** All notes, however many there are. */
export async function allNotes(erth: Erth): Promise<Listed[]> {
  const notes: Listed[] = [];
  for (let page = 0;; page++) {
    const answer = await erth.json<{ notes: Listed[] }>(`notes?page=${page}`);
    if (answer.notes.length === 0) return notes;
    notes.push(...answer.notes);
  }
}

/** Adds notes that an answer quotes at length, and asks; the address of the answer. */
export async function askAtLength(erth: Erth): Promise<string> {
  for (let number = 0; number < 4; number++) {
    const body = `Lighthouse ${number} stands on rock. ${
      "It shines for ships at night. ".repeat(20)
    }`;
    await erth.json("notes", { title: `Lighthouse ${number}`, body });
  }
  const { id } = await erth.json<{ id: string }>("chat", {});
  const asked = await erth.json<{ answer_id: string }>(`chat/${id}/messages`, {
    question: "Where does the lighthouse stand?",
  });
  return `chat/${id}/answers/${asked.answer_id}`;
}

/**
 * Reads an answer's stream to its end. A stream that breaks is taken up where it was
 * (`Last-Event-ID`, WHATWG HTML §9.2.4).
 *
 * @param onDelta Called for each piece that arrives.
 * @returns What the deltas add up to, what the end said, and how often the stream broke.
 */
export async function readAnswer(
  erth: Erth,
  address: string,
  onDelta: () => void = () => {},
): Promise<{ text: string; end: Answer; breaks: number }> {
  let text = "";
  let seen = "0";
  for (let breaks = 0; breaks < ATTEMPTS; breaks++) {
    const response = await erth.fetch(`${address}/stream`, { headers: { "last-event-id": seen } });
    if (!response.ok) throw new Error(`Status ${response.status}: ${await response.text()}`);
    const lines = response.body!
      .pipeThrough(new TextDecoderStream())
      .pipeThrough<string>(new TextLineStream());
    let event = "";
    try {
      for await (const line of lines) {
        const [, name, value = ""] = /^(\w+): (.*)$/.exec(line) ?? [];
        if (name === "event") event = value;
        else if (name === "id") seen = value;
        else if (name === "data" && event === "end") {
          return { text, end: JSON.parse(value), breaks };
        } else if (name === "data") {
          text += JSON.parse(value);
          onDelta();
        }
      }
    } catch {
      // Broken: the next one goes on from there.
    }
  }
  throw new Error(`The stream broke ${ATTEMPTS} times`);
}

/** Stops a process as a debugger would; resolves when each of its threads stands still. */
export async function freeze(pid: number): Promise<void> {
  Deno.kill(pid, "SIGSTOP");
  const tasks = `/proc/${pid}/task`;
  const stands = (thread: string) =>
    /^State:\s+T/m.test(Deno.readTextFileSync(`${tasks}/${thread}/status`));
  await poll(() => [...Deno.readDirSync(tasks)].every(({ name }) => stands(name)));
}

/** The processes whose parent is `pid`. */
export function childrenOf(pid: number): number[] {
  const children = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = Deno.readTextFileSync(`/proc/${name}/stat`);
      // The name in brackets may hold anything, so the fields are counted from its end.
      const parent = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
      if (Number(parent) === pid) children.push(Number(name));
    } catch {
      // It has just ended.
    }
  }
  return children;
}
