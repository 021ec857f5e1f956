import { readForm } from "../gateway/form.ts";
import type { ShellCommand } from "../gateway/gateway.ts";
import type { Launches } from "../instance/launches.ts";

/** The longest that a script may wait for a browser. */
const MOST_MS = 60_000;

/** `shell/open` and `shell/opened`, for scripts: links for browsers. */
export function launchCommands(launches: Launches): [string, ShellCommand][] {
  return [
    ["open", {
      caller: "script",
      run: async (request) => {
        const { page } = await readForm(request);
        return Response.json(page === "1" ? written(launches) : { url: launches.link() });
      },
    }],
    ["opened", {
      caller: "script",
      run: async (request) => {
        const { page = "", ms } = await readForm(request);
        const limit = Math.min(Number(ms) || 0, MOST_MS);
        return Response.json({ used: await launches.isUsed(page, limit) });
      },
    }],
  ];
}

/** A folder that can't be written to costs the page, not the link. */
function written(launches: Launches): { url: string; page?: string } {
  try {
    return launches.write();
  } catch {
    return { url: launches.link() };
  }
}
