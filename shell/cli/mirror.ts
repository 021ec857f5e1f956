import { ErthError } from "../../errors.ts";
import type { CommandOptions, Config } from "../config/config.ts";
import type { MirrorReport } from "../mirror/report.ts";
import { hostOf } from "../mirror/target.ts";
import { mirrorText } from "../screens/mirror/screen.ts";
import { connect, readWish } from "./mirror_connect.ts";
import { print, printJson } from "./print.ts";
import { Session } from "./session.ts";

type Options = Config & CommandOptions;
/** What is done once there is somebody to ask; what it prints, as words. */
type Action = (session: Session) => Promise<string>;
/** Understands the rest of the command, before anything is started or changed. */
type Verb = (config: Options, word: string) => Action | Promise<Action>;

const VERBS: Record<string, Verb> = {
  connect: async (config, word) => {
    const wish = await readWish(config, word);
    return (session) => connect(session, config, wish);
  },
  disconnect: () => disconnect,
  status: () => async (session) => mirrorText(await report(session)).trimEnd(),
  now: () => now,
  forget: (_, word) => {
    if (word === "") {
      throw new ErthError("USAGE", "Cannot forget as the device's name or id is missing");
    }
    return (session) => forget(session, word);
  },
};

/** `erth mirror connect|disconnect|status|now|forget`. */
export async function mirror(config: Options): Promise<number> {
  const [name = "", word = "", ...rest] = config.words;
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (verb === undefined) {
    const known = Object.keys(VERBS).join(", ");
    throw new ErthError("USAGE", `Cannot '${name}' the mirror: ${known}`);
  }
  const takesWord = name === "connect" || name === "forget";
  if (rest.length > 0 || (word !== "" && !takesWord)) {
    throw new ErthError("USAGE", `Cannot ${name} as there is a word too many`);
  }
  const action = await verb(config, word);
  const session = await Session.open(config);
  try {
    const words = await action(session);
    if (config.json) printJson(await report(session));
    else print(words);
  } finally {
    await session.close();
  }
  return 0;
}

/** Once it is known how the mirror stands. */
async function report(session: Session): Promise<MirrorReport> {
  return await session.ask<MirrorReport>("GET", "mirror?wait");
}

async function disconnect(session: Session): Promise<string> {
  await session.ask("POST", "shell/mirror/disconnect");
  return "Disconnected. The token is forgotten; what was mirrored stays on both sides.";
}

async function now(session: Session): Promise<string> {
  const after = await session.ask<MirrorReport>("POST", "shell/mirror/now");
  return after.phase === "off" ? "" : `Saved here and on ${hostOf(after.url)}.`;
}

async function forget(session: Session, wanted: string): Promise<string> {
  const known = await report(session);
  if (known.phase === "off") throw new ErthError("MIRROR_NOT_CONNECTED");
  const others = known.devices.filter(({ own }) => !own);
  const found = others.filter(({ id, name }) => id === wanted || name === wanted);
  if (found.length > 1) {
    const ids = found.map(({ id }) => id).join(", ");
    throw new ErthError("USAGE", `Several devices have this name; their ids: ${ids}`);
  }
  const device = found[0];
  if (device === undefined) {
    const names = others.map(({ name }) => name).join(", ") || "none";
    throw new ErthError("NOT_FOUND", `No other device is '${wanted}'; there are: ${names}`);
  }
  await session.ask("POST", "shell/mirror/forget", { device: device.id });
  return `${device.name} is off the list. It still has the token: if it isn't yours any more, make ` +
    "a new one at\nthe remote, revoke the old one, and connect each of your devices again.";
}
