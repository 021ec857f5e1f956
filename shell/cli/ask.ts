import { resolve } from "node:path";
import { ErthError, isErrorCode } from "../../errors.ts";
import type { CommandOptions, Config } from "../config/config.ts";
import { type Answer, follow } from "./answer.ts";
import { print, printJson, say } from "./print.ts";
import { askPermission, isWatched } from "./questions.ts";
import { Session } from "./session.ts";
import { LinkReader, sourceLines } from "./sources.ts";
import { readStandardInput } from "./standard_input.ts";

type Options = Config & CommandOptions;

interface File {
  state: "waiting" | "reading" | "ready" | "failed";
  code?: string;
  detail?: string;
}

/** How long a file may take to be read. */
const READING_MS = 300_000;
const LOOK_MS = 150;

/** `erth ask "…"`: asks in a thread of its own and prints the answer as it grows. */
export async function ask(config: Options): Promise<number> {
  const question = await questionOf(config);
  const session = await Session.open(config);
  try {
    const thread = await prepare(session, config, question);
    const asked = await session.ask<{ answer_id: string }>("POST", `chat/${thread}/messages`, {
      question,
    });
    const path = `chat/${thread}/answers/${asked.answer_id}`;
    const links = new LinkReader(config.app.name);
    const answer = await follow(session, path, {
      text: (delta) => config.json || print(links.read(delta), ""),
      news: () => decide(session, config, path),
    });
    if (config.json) printJson({ ...answer, thread_id: thread, question });
    else print([links.rest(), ...sources(config, answer, links)].join("\n"));
    return end(config, answer);
  } finally {
    await session.close();
  }
}

/** What is printed below an answer: which sources its numbers stand for. */
function sources({ app }: Options, answer: Answer, { shown }: LinkReader): string[] {
  const lines = sourceLines(answer, app.name, shown);
  return lines.length === 0 ? [] : ["", ...lines];
}

/** The thread to ask in, with model and files; one made for this goes again if that fails. */
async function prepare(session: Session, config: Options, question: string): Promise<string> {
  const { model, files } = config;
  const thread = config.thread ?? (await session.ask<{ id: string }>("POST", "chat", {
    title: question.slice(0, 80),
  })).id;
  try {
    if (model !== undefined) await session.ask("POST", `chat/${thread}/settings`, { model });
    for (const file of files) await attach(session, thread, resolve(file));
  } catch (error) {
    if (config.thread === undefined) await session.ask("POST", `chat/${thread}/delete`);
    throw error;
  }
  return thread;
}

/** The words of the command; a `-` among them stands for standard input, and so does nothing. */
async function questionOf(config: Config): Promise<string> {
  const { words } = config;
  if (words.length > 0 && !words.includes("-")) return words.join(" ");
  if (config.interactive) throw new ErthError("USAGE", "Cannot ask as the question is missing");
  const piped = (await readStandardInput()).trim();
  if (piped === "") throw new ErthError("USAGE", "Cannot ask as the question is empty");
  const given = words.filter((word) => word !== "-").join(" ");
  return given === "" ? piped : `${given}\n\n${piped}`;
}

/** Takes a file into the thread, and waits until its text was read. */
async function attach(session: Session, thread: string, path: string): Promise<void> {
  const { id } = await session.ask<{ id: string }>("POST", "library", { path, thread });
  const deadline = performance.now() + READING_MS;
  for (;;) {
    const file = await session.ask<File>("GET", `library/${id}`);
    if (file.state === "ready") return;
    if (file.state === "failed") {
      const code = isErrorCode(file.code) ? file.code : "INTERNAL";
      throw new ErthError(code, `${path}${file.detail ? `: ${file.detail}` : ""}`);
    }
    if (performance.now() > deadline) throw new ErthError("FILE_TIMEOUT", path);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Asks the person what a tool may do; where nobody sits, it may do nothing. */
async function decide(session: Session, config: Options, path: string): Promise<void> {
  const { actions } = await session.ask<Answer>("GET", path);
  for (const action of actions.filter(({ state }) => state === "asking")) {
    const choice = canAsk(config) ? askPermission(action.summary, action.arguments) : "no";
    if (choice === "no") say(`\n(Not allowed: ${action.summary})`);
    await session.ask("POST", `${path}/actions/${action.id}`, { choice });
  }
}

/** Whether a person sees the question and can answer it. */
function canAsk({ interactive, json }: Options): boolean {
  return interactive && !json && isWatched();
}

/** The exit code of an answer; why it is no whole one, in words. */
function end(config: Options, { state, stats }: Answer): number {
  if (state === "done") return 0;
  const error = new ErthError(isErrorCode(stats.code) ? stats.code : "INTERNAL", stats.detail);
  if (config.json) return state === "failed" ? error.exit : 1;
  if (state === "failed") throw error;
  say("The answer was stopped.");
  return 1;
}
