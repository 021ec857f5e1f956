import { pathToFileURL } from "node:url";
import type { Config } from "../config/config.ts";
import { openInBrowser } from "../process/browser.ts";

/** How long a browser gets to follow the page. */
export const LAUNCH_MS = 10_000;

/**
 * Opens a launch page in the browser.
 *
 * @param isUsed Whether the page was used in time. Browsers in a sandbox can't read hidden folders,
 * and nothing else tells of that.
 */
export async function launchInBrowser(
  page: string,
  isUsed: Promise<boolean>,
  { environment }: Pick<Config, "environment">,
): Promise<boolean> {
  const opened = openInBrowser(pathToFileURL(page).href, environment);
  return await Promise.race([isUsed, opened.then((done) => done ? isUsed : false)]);
}
