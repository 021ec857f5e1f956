import type { Config } from "../config/config.ts";
import { readBuild } from "../payload/resources.ts";

/** `erth --version`: the version of every layer. */
export function version(config: Config): Promise<number> {
  const build = readBuild();
  if (config.json) {
    console.log(JSON.stringify(build));
  } else {
    console.log(`${config.app.name} ${build.version}`);
    for (const [name, number] of Object.entries(build.versions)) console.log(`  ${name} ${number}`);
  }
  return Promise.resolve(0);
}
