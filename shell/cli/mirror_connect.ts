import { asErthError, ErthError } from "../../errors.ts";
import type { CommandOptions, Config } from "../config/config.ts";
import type { ConnectWish } from "../mirror/keeper.ts";
import type { MirrorReport } from "../mirror/report.ts";
import { hostOf, readTarget } from "../mirror/target.ts";
import { entries } from "../screens/mirror/words.ts";
import { askYes } from "./questions.ts";
import { askSecret } from "./secret.ts";
import type { Session } from "./session.ts";
import { readStandardInput } from "./standard_input.ts";

type Options = Config & CommandOptions;

/**
 * Where to connect to, from the command's word, its options and the environment; asks for a token
 * if a person is there to be asked and none came with the address.
 *
 * @throws {ErthError} `MIRROR_URL`, `USAGE`.
 */
export async function readWish(config: Options, word: string): Promise<ConnectWish> {
  const { remote } = config;
  const address = word || remote.url;
  if (address === undefined) throw new ErthError("USAGE", "Cannot connect as the URL is missing");
  const { force, merge } = remote;
  const { url, token } = readTarget({ url: address, force });
  return { url, force, merge, deviceName: remote.name, token: await tokenFor(config, url, token) };
}

/** Connects; what there is to say then. */
export async function connect(
  session: Session,
  config: Options,
  wish: ConnectWish,
): Promise<string> {
  const { deviceName: name, ...rest } = wish;
  try {
    await session.ask("POST", "shell/mirror/connect", { ...rest, name });
  } catch (thrown) {
    if (asErthError(thrown).code !== "MIRROR_MERGE") throw thrown;
    await askToMerge(session, config);
  }
  const host = hostOf(wish.url);
  if (!session.isOwn) return `Connected to ${host}. Erth mirrors from now on, by itself.`;
  // Nobody stays to do it later.
  await session.ask("POST", "shell/mirror/now");
  return `Connected to ${host}. Saved here and there.`;
}

async function tokenFor({ interactive, remote }: Options, url: string, given: string) {
  if (remote.tokenStdin) return (await readStandardInput()).trim();
  if (given !== "") return given;
  // A token in the environment is for the address beside it, not for any that is typed.
  const belongs = remote.url === undefined ||
    hostOf(readTarget({ url: remote.url, force: true }).url) === hostOf(url);
  if (remote.token !== undefined && belongs) return remote.token;
  if (!interactive) return "";
  return await askSecret(`Token for ${hostOf(url)} (empty if it needs none): `);
}

/** @throws {ErthError} `MIRROR_MERGE` if nobody is there to say yes, or says no. */
async function askToMerge(session: Session, config: Options): Promise<void> {
  const { asking } = await session.ask<MirrorReport>("GET", "mirror");
  const sides = asking === undefined
    ? ""
    : `Here: ${entries(asking.localRows)}. There: ${entries(asking.remoteRows)}.`;
  const question = `Both sides hold data. ${sides} Merge them? Nothing is deleted on either side.`;
  if (config.interactive && !config.json && askYes(question)) {
    await session.ask("POST", "shell/mirror/agree");
    return;
  }
  await session.ask("POST", "shell/mirror/decline");
  throw new ErthError("MIRROR_MERGE", sides);
}
