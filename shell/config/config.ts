import { resolve } from "node:path";
import { ErthError } from "../../errors.ts";
import type { Level } from "../../log.ts";
import { type App, isOffered, readApp } from "./app.ts";
import { type CommandName, COMMANDS, parseOptions, refuseWhatIsNotTaken } from "./options.ts";
import { findPaths, type Paths } from "./paths.ts";

/** Everything that arguments and environment decide. The only module that reads either. */
export interface Config {
  /** Whose program this is. */
  app: App;
  command: CommandName;
  /** What follows the command: the text of `note add`, a search, an id. */
  words: string[];
  /** `--help` after a command. */
  help: boolean;
  json: boolean;
  paths: Paths;
  /** What was found about these folders, for a person to know. */
  notices: string[];
  /** 0: a free one. */
  port: number;
  window: { float: boolean; devtools: boolean; backend: "system" | "libwebview" };
  logLevel: Level;
  /** Whether a person sits at standard input. */
  interactive: boolean;
  /** A loopback address that is told when frame and first fragment are on screen; benches set it. */
  measureUrl?: string;
  /** A sidecar command to use in place of the bundled one, as JSON list; for development. */
  sidecarCommand?: string[];
  /** Where the mirror is to end the program as by SIGKILL, `POINT:NTH`; for tests. */
  fault?: string;
  /** The whole environment, of which a child gets a short list. */
  environment: Record<string, string>;
}

/** The values of the options that a single command takes. */
export interface CommandOptions {
  title?: string;
  tags?: string;
  thread?: string;
  /** Of `ask`: which model answers, as a reference. */
  model?: string;
  /** Of `ask`: files to answer from. */
  files: string[];
  /** Of `model pull`. */
  sha256?: string;
  /** Of `model endpoint add`: whether the key comes from standard input. */
  keyStdin: boolean;
  /** Of `mirror connect`. */
  remote: RemoteOptions;
}

/** What `mirror connect` is told by options and environment. */
export interface RemoteOptions {
  /** The address that the environment names. */
  url?: string;
  /** The token that belongs to it. */
  token?: string;
  tokenStdin: boolean;
  merge: boolean;
  force: boolean;
  /** What other devices shall call this one. */
  name?: string;
}

/**
 * Reads arguments and environment.
 *
 * @throws {ErthError} `USAGE`, with what was wrong as its detail.
 */
export function readConfig(
  args: readonly string[] = Deno.args,
  app: App = readApp(),
): Config & CommandOptions {
  const { values, positionals } = parseOptions(args);
  const command = values.version ? "version" : commandOf(positionals[0], app);
  if (!values.help && !values.version) refuseWhatIsNotTaken(command, values, positionals);
  // Each app has a variable of its own: two of them mustn't share a folder.
  const data = values.data ?? environment(`${app.name.toUpperCase().replaceAll("-", "_")}_DATA`);
  return {
    app,
    command,
    words: positionals.slice(1),
    help: values.help ?? false,
    json: values.json ?? false,
    paths: findPaths({
      app,
      data: data === undefined ? undefined : resolve(data),
      portable: values.portable ?? false,
    }, {
      os: Deno.build.os,
      executable: Deno.execPath(),
      environment,
      isDirectory,
    }),
    notices: [],
    port: portOf(values.port),
    window: {
      float: values.float ?? false,
      devtools: values.devtools ?? false,
      backend: backendOf(values["window-backend"]),
    },
    logLevel: values.verbose ? "debug" : "info",
    interactive: Deno.stdin.isTerminal(),
    measureUrl: loopback("LOADED_URL"),
    sidecarCommand: sidecarCommand(),
    fault: environment("ERTH_FAULT"),
    environment: Deno.env.toObject(),
    title: values.title,
    tags: values.tags,
    thread: values.thread,
    model: values.model,
    files: values.file ?? [],
    sha256: values.sha256,
    keyStdin: values["key-stdin"] ?? false,
    remote: {
      url: environment("TURSO_DATABASE_URL"),
      token: environment("TURSO_AUTH_TOKEN"),
      tokenStdin: values["token-stdin"] ?? false,
      merge: values.merge ?? false,
      force: values.force ?? false,
      name: values.name,
    },
  };
}

/** Whether errors shall be JSON, even where the arguments can't be understood. */
export function wantsJson(): boolean {
  return Deno.args.includes("--json");
}

/**
 * Sends everything that libraries write by themselves (font, theme and web caches, temporary files)
 * into `folder`. Must run before the window's libraries are loaded.
 */
export function confineLibraries(folder: string): void {
  const homes = {
    XDG_CACHE_HOME: "cache",
    XDG_CONFIG_HOME: "config",
    XDG_DATA_HOME: "data",
    XDG_STATE_HOME: "state",
    TMPDIR: "tmp",
    TMP: "tmp",
    TEMP: "tmp",
  };
  for (const [name, place] of Object.entries(homes)) {
    const path = resolve(folder, "libraries", place);
    Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
    Deno.env.set(name, path);
  }
}

/**
 * Has this process reach its own computer directly, whatever proxy the system names; all that asks
 * the gateway, the sidecar or a model relies on it. Must run before anything is connected to.
 */
export function reachHereDirectly(): void {
  const before = environment("NO_PROXY") ?? environment("no_proxy");
  const hosts = [before, "127.0.0.1", "localhost", "::1"].filter(Boolean).join();
  for (const name of ["NO_PROXY", "no_proxy"]) Deno.env.set(name, hosts);
}

/** Whether there is a screen to open a window on. */
export function hasDisplay(): boolean {
  if (Deno.build.os !== "linux") return true;
  return Boolean(environment("DISPLAY") || environment("WAYLAND_DISPLAY"));
}

function commandOf(word: string | undefined, app: App): CommandName {
  if (word === undefined) return "window";
  const name = COMMANDS.find((known) => known === word);
  if (name === undefined || !isOffered(app, name)) {
    throw new ErthError("USAGE", `There is no command '${word}'`);
  }
  return name;
}

function portOf(text: string | undefined): number {
  if (text === undefined) return 0;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535) {
    throw new ErthError("USAGE", `Cannot listen as '--port' must be 0 to 65535: it is ${text}`);
  }
  return port;
}

function backendOf(text: string | undefined): "system" | "libwebview" {
  if (text === undefined || text === "system") return "system";
  if (text === "libwebview") return "libwebview";
  throw new ErthError("USAGE", `Cannot use '${text}' as '--window-backend': system or libwebview`);
}

function environment(name: string): string | undefined {
  const value = Deno.env.get(name);
  return value === "" ? undefined : value;
}

function loopback(name: string): string | undefined {
  const value = environment(name);
  if (value === undefined || !URL.canParse(value)) return undefined;
  return new URL(value).hostname === "127.0.0.1" ? value : undefined;
}

function sidecarCommand(): string[] | undefined {
  const text = environment("ERTH_SIDECAR_COMMAND");
  if (text === undefined) return undefined;
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list) || list.length === 0) {
    throw new ErthError("USAGE", `Cannot use ERTH_SIDECAR_COMMAND: not a JSON list: ${text}`);
  }
  return list.map(String);
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
