import type { Config } from "../config.ts";

const GENERAL = `Erth: notes, chat and search on your own machine, in one file.

  erth                      open the window
  erth serve                the same without a window; open it in a browser
  erth open                 a fresh link to the running Erth
  erth status               what the running Erth does
  erth doctor               check this computer, line by line
  erth ask "QUESTION"       an answer from your notes
  erth note add "TEXT"      also: list, search, show, delete
  erth --version            the version of every layer

Options for all
  --data DIR    keep everything in DIR
  --portable    keep everything in erth-data/ beside the program
  --json        one JSON document on standard output, errors too
  --verbose     log more
  --help        this, or more about one command: erth note --help

Exit codes
  0 done   1 failed   2 wrong usage   3 not found   4 in use or not running
  5 data folder   6 engine   7 no window possible   8 not allowed`;

const PAGES: Partial<Record<Config["command"], string>> = {
  window: GENERAL,
  help: GENERAL,
  serve: `erth serve [--port N] [--json]
  Runs until Ctrl+C or SIGTERM. --json prints one ready line {"url","token","pid","version"}.

  erth serve
  erth serve --port 7777 --data /srv/erth
  curl -H "Authorization: Bearer TOKEN" -H "Accept: application/json" URLnotes`,
  open: `erth open [--json]
  Prints a fresh one-time link to the running Erth and opens it in your browser.

  erth open
  erth open --json --data /srv/erth`,
  status: `erth status [--json]
  What the running Erth does: versions, engine, database, last log lines.

  erth status
  erth status --json | jq .sidecar.state`,
  doctor: `erth doctor [--json]
  Checks WebView, folders, disk, database and engine. Each line says what to do.
  Exit code 0 if all is well, else that of the first failure.

  erth doctor
  erth doctor --data /media/stick/erth-data --json`,
  ask: `erth ask "QUESTION" [--json]
  Answers from your notes, with its sources. The question may come from standard input.

  erth ask "When does the lease end?"
  echo "What did we decide on pricing?" | erth ask --json`,
  note: `erth note add "TEXT" [--title T] [--tags a,b]    text may come from standard input
erth note list [--tags TAG]
erth note search "WORDS"
erth note show ID
erth note delete ID

  erth note add "Milk, bread" --tags shopping
  git log -5 | erth note add --title "Last commits"
  erth note list --json`,
};

/** `erth help`, `erth --help`, `erth COMMAND --help`. */
export function help(config: Config): Promise<number> {
  const asked = config.command === "help" ? config.words[0] : config.command;
  const page = Object.entries(PAGES).find(([name]) => name === asked)?.[1] ?? GENERAL;
  console.log(config.json ? JSON.stringify({ help: page }) : page);
  return Promise.resolve(0);
}
