import { type App, isOffered } from "../config/app.ts";
import type { Config } from "../config/config.ts";
import { print, printJson } from "./print.ts";

/** What follows the program's name, and what it does. */
const USES: readonly (readonly [string, string])[] = [
  ["", "open the window"],
  ["serve", "the same without a window; open it in a browser"],
  ["open", "a fresh link to the running TITLE"],
  ["status", "what the running TITLE does"],
  ["doctor", "check this computer, line by line"],
  ['ask "QUESTION"', "an answer from your notes and files"],
  ['note add "TEXT"', "also: list, search, show, delete"],
  ["library add FILE", "also: list, show, remove"],
  ["model add FILE", "also: list, use, remove, load, unload, pull, endpoint"],
  ["mirror connect URL", "also: disconnect, status, now, forget"],
  ["--version", "the version of every layer"],
];

/** The page about everything, without commands that the app doesn't offer. */
function general(app: App): string {
  const { name, title, about } = app;
  const uses = USES.filter(([use]) => isOffered(app, use.split(" ")[0]!));
  const width = `  ${name} `.length + Math.max(...uses.map(([use]) => use.length)) + 4;
  const lines = uses.map(([use, words]) =>
    `  NAME ${use}`.replace("NAME", name).padEnd(width) + words
  );
  return `${about === undefined ? title : `${title}: ${about}`}.

${lines.join("\n")}

Options for all
  --data DIR    keep everything in DIR
  --portable    keep everything in NAME-data/ beside the program
  --json        one JSON document on standard output, errors too
  --verbose     log more
  --help        this, or more about one command: NAME serve --help

Exit codes
  0 done   1 failed   2 wrong usage   3 not found   4 in use or not running
  5 data folder   6 engine   7 no window possible   8 not allowed   9 not mirrored   10 no model`;
}

/** More about one command, for an app called NAME, titled TITLE. */
const PAGES: Partial<Record<Config["command"], string>> = {
  serve: `NAME serve [--port N] [--json]
  Runs until Ctrl+C or SIGTERM. --json prints one ready line {"url","token","pid","version"}.

  NAME serve
  NAME serve --port 7777 --data /srv/NAME
  curl -H "Authorization: Bearer TOKEN" -H "Accept: application/json" URLHOME`,
  open: `NAME open [--json]
  Prints a fresh one-time link to the running TITLE and opens it in your browser.

  NAME open
  NAME open --json --data /srv/NAME`,
  status: `NAME status [--json]
  What the running TITLE does: versions, engine, database, last log lines.

  NAME status
  NAME status --json | jq .sidecar.state`,
  doctor: `NAME doctor [--json]
  Checks WebView, folders, disk, database and engine. Each line says what to do.
  Exit code 0 if all is well, else that of the first failure.

  NAME doctor
  NAME doctor --data /media/stick/NAME-data --json`,
  ask: `NAME ask "QUESTION" [--model REF] [--file FILE]… [--json]
  Answers from your notes and files, with its sources. The question may come from standard input;
  a - in it stands for what comes from there.
  --model   which model answers, as \`NAME model list\` names it; otherwise the one that is used
  --file    a file to answer from, attached to this question's conversation

  NAME ask "When does the lease end?"
  NAME ask "What is this about?" --file report.pdf
  echo "What did we decide on pricing?" | NAME ask --json`,
  note: `NAME note add "TEXT" [--title T] [--tags a,b]    text may come from standard input
NAME note list [--tags TAG]
NAME note search "WORDS"
NAME note show ID
NAME note delete ID

  NAME note add "Milk, bread" --tags shopping
  git log -5 | NAME note add --title "Last commits"
  NAME note list --json`,
  library: `NAME library add FILE…
NAME library list
NAME library show ID       the text that was read of it
NAME library remove ID
  Files whose text Erth finds and cites: txt, md, html, pdf, csv, source code.

  NAME library add lease.pdf
  NAME library list --json`,
  model: `NAME model list
NAME model add FILE        a GGUF file, used where it lies
NAME model pull URL [--sha256 SUM]
NAME model use REF         the model that answers; none: passages alone
NAME model remove REF      a file in the folder of models is deleted, others only forgotten
NAME model load REF        what the first question does by itself
NAME model unload
NAME model endpoint add ollama|lmstudio|llama-server|URL [--key-stdin] [--name NAME]
                        [--model MODEL] [--force]
NAME model endpoint remove ID
  REF is what list shows first: local/FILE, or ENDPOINT/MODEL.
  A download that was cut goes on where it was: give the same command again.
  A key is asked for, or comes from standard input with --key-stdin; it is never an argument.
  --model   the one to ask for, of a server that doesn't list any
  --force   speak http:// beyond the network at home, without encryption

  NAME model add ~/Downloads/small-Q4_K_M.gguf
  NAME model pull https://models.example.org/small-Q4_K_M.gguf
  NAME model endpoint add ollama
  NAME model list --json | jq -r .models[].ref`,
  mirror: `NAME mirror connect [URL] [--token-stdin] [--name NAME] [--merge] [--force]
NAME mirror status
NAME mirror now            exit code 0 only when both sides are equal
NAME mirror forget DEVICE  its name or id, as status lists them
NAME mirror disconnect
  Keeps what you write in a libSQL database of yours as well, and so on all your devices.
  URL is libsql://HOST or https://HOST; without it, TURSO_DATABASE_URL is taken.
  The token is asked for, or comes from standard input with --token-stdin, or from
  TURSO_AUTH_TOKEN if the address does too. It is never taken as an argument.
  --name    what your other devices call this one
  --merge   if both sides hold data: yes, merge them
  --force   speak http:// beyond this computer, without encryption

  NAME mirror connect libsql://notes.example.org
  NAME mirror connect https://notes.example.org --token-stdin < token.txt
  NAME mirror now && poweroff
  NAME mirror status --json | jq -r .phase`,
};

/** `erth help`, `erth --help`, `erth COMMAND --help`. */
export function help({ app, command, json, words }: Config): Promise<number> {
  const asked = command === "help" ? words[0] : command;
  const found = Object.entries(PAGES).find(([name]) => name === asked && isOffered(app, name))?.[1];
  const page = (found ?? general(app))
    .replaceAll("NAME", app.name)
    .replaceAll("TITLE", app.title)
    .replaceAll("HOME", app.home);
  if (json) printJson({ help: page });
  else print(page);
  return Promise.resolve(0);
}
