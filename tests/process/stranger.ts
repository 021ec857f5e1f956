import { dirname, join } from "node:path";
import { BINARY } from "../harness.ts";

/** Another account of this computer; nobody's, so nothing of it has to be cleaned up. */
export const STRANGER = 61_234;

/** Whether tests may act for another account here: that takes root. */
const MAY_BE_STRANGER = Deno.build.os === "linux" && Deno.uid() === 0;

/** Runs a test that needs a second account; without root it says that it proves nothing. */
export function strangerTest(name: string, fn: () => Promise<void>): void {
  Deno.test(name, async () => {
    if (MAY_BE_STRANGER) return await fn();
    console.warn(`Left out, as a second account takes root: ${name}`);
  });
}

/** A command for another account. */
export function asStranger(command: readonly string[], options: Deno.CommandOptions = {}) {
  const [uid, gid] = [`--reuid=${STRANGER}`, `--regid=${STRANGER}`];
  const args = [uid, gid, "--clear-groups", "--", ...command];
  return new Deno.Command("setpriv", { ...options, args, cwd: "/" });
}

/** A program in Python for another account; what it printed. */
export async function stranger(program: string, ...args: readonly string[]): Promise<string> {
  const command = asStranger(["/usr/bin/python3", "-c", program, ...args]);
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  if (code !== 0) throw new Error(`Status ${code}: ${text.decode(stderr)}`);
  return text.decode(stdout).trim();
}

/** A folder that each account may enter, with a copy of the program. */
export class OpenFolder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<OpenFolder> {
    const path = await Deno.makeTempDir();
    await Deno.chmod(path, 0o755);
    return new OpenFolder(path);
  }

  /** A copy of the program that each account may run. */
  async program(): Promise<string> {
    const copy = join(this.path, "erth");
    await Deno.copyFile(BINARY, copy);
    await Deno.chmod(copy, 0o755);
    return copy;
  }

  /** The program, with few descriptors and no way to more. */
  async frugal(descriptors: number): Promise<string> {
    const path = join(this.path, "frugal");
    const script = `#!/bin/sh\nulimit -n ${descriptors}\nexec "${BINARY}" "$@"\n`;
    await Deno.writeTextFile(path, script, { mode: 0o755 });
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (dirname(this.path) !== "/") await Deno.remove(this.path, { recursive: true });
  }
}
