import { ErthError } from "../../errors.ts";
import { startBackend } from "../backend.ts";
import type { Config } from "../config/config.ts";
import { Instance } from "../instance/instance.ts";
import { untilEnd } from "../process/signals.ts";
import { print, printJson } from "./print.ts";

/** `erth serve`: the same program without a window, until SIGTERM, SIGINT or `shell/stop`. */
export async function serve(config: Config): Promise<number> {
  const { data } = config.paths;
  const instance = await Instance.claimOrFind(data);
  if (!(instance instanceof Instance)) {
    throw new ErthError("DATA_IN_USE", `${data}: by process ${instance.pid}`);
  }
  await using _ = instance;
  const backend = startBackend(config, { kind: "serve" });
  const { url, token, pid, version } = backend.running;
  if (config.json) {
    printJson({ url, token, pid, version });
  } else {
    const { name, title } = config.app;
    print(`${title} ${version} is ready. Open this address (it works once, for 10 minutes):`);
    print(`  ${backend.launchUrl()}`);
    print(`\`${name} open\` makes another. Ctrl+C ends it.`);
  }
  await untilEnd(backend.asked);
  await backend.stop();
  return 0;
}
