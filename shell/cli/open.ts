import type { Config } from "../config/config.ts";
import { openInBrowser } from "../instance/browser.ts";
import { Session } from "./session.ts";

/** `erth open`: a fresh link to the running instance, handed to the browser if there is one. */
export async function open(config: Config): Promise<number> {
  const session = await Session.attach(config);
  const { url } = await session.ask<{ url: string }>("POST", "shell/open");
  console.log(config.json ? JSON.stringify({ url }) : url);
  // A script that asked for JSON wants the link, not a browser.
  if (!config.json) await openInBrowser(url);
  return 0;
}
