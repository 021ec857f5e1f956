import { TextLineStream } from "@std/streams/text-line-stream";
import { ErthError } from "../../errors.ts";
import type { CommandOptions, Config } from "../config.ts";
import { Session } from "./session.ts";

interface Answer {
  id: string;
  state: "running" | "done" | "stopped" | "failed";
  body: string;
  citations: { note_id: string; title: string; passage: string }[];
}

/** `erth ask "…"`: asks in a thread of its own and prints the answer as it grows. */
export async function ask(config: Config & CommandOptions): Promise<number> {
  const question = await questionOf(config);
  const session = await Session.open(config);
  try {
    const thread = config.thread ?? (await session.ask<{ id: string }>("POST", "chat", {
      title: question.slice(0, 80),
    })).id;
    const asked = await session.ask<{ answer_id: string }>("POST", `chat/${thread}/messages`, {
      question,
    });
    const path = `chat/${thread}/answers/${asked.answer_id}`;
    const answer = await follow(session, path, (delta) => {
      if (!config.json) write(delta);
    });
    if (config.json) console.log(JSON.stringify({ ...answer, thread_id: thread, question }));
    else write("\n");
    return answer.state === "done" ? 0 : 1;
  } finally {
    await session.close();
  }
}

async function questionOf(config: Config): Promise<string> {
  const given = config.words.join(" ");
  if (given !== "" && given !== "-") return given;
  if (config.interactive) throw new ErthError("USAGE", "Cannot ask as the question is missing");
  const piped = (await new Response(Deno.stdin.readable).text()).trim();
  if (piped === "") throw new ErthError("USAGE", "Cannot ask as the question is empty");
  return piped;
}

/** Reads the answer's stream to its end; a stream that breaks is taken up where it was. */
async function follow(
  session: Session,
  path: string,
  onDelta: (text: string) => void,
): Promise<Answer> {
  let printed = 0;
  for (let attempt = 0; attempt < 5; attempt++) {
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
    try {
      for await (const line of lines) {
        if (line.startsWith("event: ")) event = line.slice(7);
        else if (line.startsWith("id: ") && event === "delta") printed = Number(line.slice(4));
        else if (line.startsWith("data: ") && event === "delta") onDelta(JSON.parse(line.slice(6)));
        else if (line.startsWith("data: ") && event === "end") return JSON.parse(line.slice(6));
      }
    } catch {
      // The engine ended under the stream; the next one goes on with the answer.
    }
  }
  return await session.ask<Answer>("GET", path);
}

function write(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
