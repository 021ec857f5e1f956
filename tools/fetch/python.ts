import { join } from "node:path";
import { run } from "../steps/command.ts";
import { hashOf, ROOT, step } from "../steps/steps.ts";

const WANTED = "3.11";
const CANDIDATES = ["python3.11", "python3", "/usr/bin/python3.11"];

/** The virtual environment's interpreter; there after `venv`. */
export const PYTHON = Deno.build.os === "windows"
  ? join(ROOT, ".venv", "Scripts", "python.exe")
  : join(ROOT, ".venv", "bin", "python");

/** Makes `.venv` with exactly what the lock file names; the key of what is in it. */
export async function venv(): Promise<string> {
  const lock = "sidecar/requirements-dev.txt";
  const packages = await step({
    name: "virtual environment",
    inputs: [lock],
    also: ROOT,
    outputs: [".venv/pyvenv.cfg"],
    run: async () => {
      if (!await works(PYTHON)) await create();
      const pip = [PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check"];
      await run([...pip, "--require-hashes", "--only-binary=:all:", "-r", lock]);
      // So that `python -m erth_sidecar` finds the sources from any folder.
      const library = await run([
        PYTHON,
        "-c",
        "import sysconfig; print(sysconfig.get_path('purelib'))",
      ]);
      await Deno.writeTextFile(join(library.trim(), "erth.pth"), join(ROOT, "sidecar"));
    },
  });
  // It names the interpreter that the environment was made with.
  return await hashOf([".venv/pyvenv.cfg"], packages);
}

async function create(): Promise<void> {
  for (const python of CANDIDATES) {
    if (!await works(python)) continue;
    // Debian's Python can make no environment without the package python3-venv.
    const made = await run([python, "-m", "venv", "--clear", join(ROOT, ".venv")])
      .then(() => true, () => false);
    if (made) return;
  }
  throw new Error(
    `Cannot make a virtual environment as no Python ${WANTED} with venv and a shared library was ` +
      `found among ${CANDIDATES.join(", ")}. On Debian: apt-get install python3.11-venv`,
  );
}

/** Whether it is the wanted version, with the shared library that freezing needs. */
async function works(python: string): Promise<boolean> {
  const code = "import sys, sysconfig, os;" +
    "print('%d.%d' % sys.version_info[:2], sysconfig.get_config_var('Py_ENABLE_SHARED'))";
  const said = await run([python, "-c", code]).catch(() => "");
  const [version, shared] = said.trim().split(" ");
  if (version !== WANTED) return false;
  return shared !== "0" || Deno.build.os !== "linux" || await hasDebianLibrary();
}

/** Debian's interpreter is static, its shared library a package of its own. */
async function hasDebianLibrary(): Promise<boolean> {
  return (await run(["ldconfig", "-p"]).catch(() => "")).includes("libpython3.11.so");
}
