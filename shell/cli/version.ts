import type { Config } from "../config/config.ts";
import { readBuild } from "../payload/resources.ts";
import { print, printJson } from "./print.ts";

/** `erth --version`: the version of every layer. */
export function version(config: Config): Promise<number> {
  const build = readBuild();
  if (config.json) {
    printJson(build);
  } else {
    print(`${config.app.name} ${build.version}`);
    for (const [name, number] of Object.entries(build.versions)) print(`  ${name} ${number}`);
  }
  return Promise.resolve(0);
}
