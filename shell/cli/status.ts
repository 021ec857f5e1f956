import type { Config } from "../config/config.ts";
import { type StatusReport, statusText } from "../screens/status/screen.ts";
import { print, printJson } from "./print.ts";
import { Session } from "./session.ts";

/** `erth status`: what the running instance does. */
export async function status(config: Config): Promise<number> {
  const session = await Session.attach(config);
  const report = await session.ask<StatusReport>("GET", "status");
  if (config.json) printJson(report);
  else print(statusText(report).trimEnd());
  return 0;
}
