import { TextLineStream } from "@std/streams/text-line-stream";
import type { Session } from "./session.ts";

/** What a tool did for an answer, or asks permission for; see `docs/contracts.md`, "Action". */
export interface Action {
  id: string;
  state: string;
  summary: string;
  arguments?: Record<string, unknown>;
}

/** What an answer draws upon. */
export interface Citation {
  note_id?: string;
  file_id?: string;
  title: string;
  passage: string;
  /** What the text called it while it grew; left out if it names it otherwise, or not at all. */
  number?: number;
}

/** An answer as far as it has grown. */
export interface Answer {
  id: string;
  state: "running" | "done" | "stopped" | "failed";
  body: string;
  citations: Citation[];
  actions: Action[];
  stats: { phase?: string; code?: string; detail?: string };
}

/** Who is told while an answer grows. */
export interface Listener {
  text(delta: string): void;
  /** Something beside the text has changed; the stream waits until this is done. */
  news(): Promise<void>;
}

const TRIES = 5;

/** Reads an answer's stream to its end; a stream that breaks is taken up where it was. */
export async function follow(
  session: Session,
  path: string,
  listener: Listener,
): Promise<Answer> {
  let printed = 0;
  for (let failures = 0; failures < TRIES;) {
    const before = printed;
    const response = await session.fetch("GET", `${path}/stream`, {
      accept: "text/event-stream",
      "last-event-id": String(printed),
    });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      break;
    }
    const lines = response.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough<string>(new TextLineStream());
    let event = "";
    let id = printed;
    let ended: Answer | undefined;
    try {
      for await (const line of lines) {
        if (line.startsWith("event: ")) event = line.slice(7);
        else if (line.startsWith("id: ")) id = Number(line.slice(4));
        else if (!line.startsWith("data: ")) continue;
        else if (event === "phase") await listener.news();
        else if (event === "delta") {
          listener.text(JSON.parse(line.slice(6)));
          printed = id;
        } else if (event === "end") {
          ended = JSON.parse(line.slice(6));
          break;
        }
      }
    } catch {
      // The engine ended under the stream; the next one goes on with the answer.
    }
    if (ended !== undefined) return ended;
    // A stream lasts five minutes, an answer that waits for a person may last longer.
    const now = await session.ask<Answer>("GET", path);
    if (now.state !== "running") {
      listener.text([...now.body].slice(printed).join(""));
      return now;
    }
    failures = printed > before ? 0 : failures + 1;
  }
  return await session.ask<Answer>("GET", path);
}
