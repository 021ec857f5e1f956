import { ErthError } from "../../errors.ts";
import { type Config, hasDisplay } from "../config/config.ts";
import { isBelow } from "../instance/proof.ts";
import { LAUNCH_MS, launchInBrowser } from "./launch.ts";
import { print, printJson } from "./print.ts";
import { Session } from "./session.ts";

/** `erth open`: opens the running instance in the browser, or prints a link where there is none. */
export async function open(config: Config): Promise<number> {
  const session = await Session.attach(config);
  // A script that asked for JSON wants the link, not a browser.
  const wanted = { page: !config.json && hasDisplay() };
  const answer = await session.ask<{ url: string; page?: string }>("POST", "shell/open", wanted);
  const { page, url } = answer;
  if (!isBelow(session.running, url)) {
    throw new ErthError("NOT_RUNNING", "Its link leads elsewhere");
  }
  if (page !== undefined) {
    const asked = session.ask<{ used: boolean }>("POST", "shell/opened", { page, ms: LAUNCH_MS });
    if (await launchInBrowser(page, asked.then(({ used }) => used), config)) {
      print(`${config.app.title} is open in your browser.`);
      return 0;
    }
    print("No browser came. Open this address yourself (it works once, for 10 minutes):");
  }
  if (config.json) printJson({ url });
  else print(url);
  return 0;
}
