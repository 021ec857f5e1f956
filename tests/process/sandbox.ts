import { dirname, join } from "node:path";
import { isDiskFull } from "../../errors.ts";
import { BINARY, ROOT } from "../harness.ts";

/** Whether tests may mount file systems here: that takes root. */
export const MAY_MOUNT = Deno.build.os === "linux" && await run(["unshare", "-m", "true"]);

/** A small file system in memory of its own, for what a disk does when it is full or read-only. */
export class Disk implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** @param size As mount(8) takes it, such as `64m`. */
  static async mount(size: string): Promise<Disk> {
    const path = await Deno.makeTempDir();
    await must(["mount", "-t", "tmpfs", "-o", `size=${size},mode=700`, "erth-test", path]);
    return new Disk(path);
  }

  /** Changes its options, such as `ro` or `size=90m`. */
  async remount(options: string): Promise<void> {
    await must(["mount", "-o", `remount,${options}`, this.path]);
  }

  /** Takes all room there is; what it returns gives it back. */
  async fill(): Promise<() => Promise<void>> {
    const path = join(this.path, "filler");
    using file = await Deno.open(path, { create: true, append: true });
    for (const size of [1 << 20, 1 << 12, 1]) {
      const block = new Uint8Array(size);
      try {
        for (;;) if (await file.write(block) < size) break;
      } catch (error) {
        if (!isDiskFull(error)) throw error;
      }
    }
    return () => Deno.remove(path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await must(["umount", "-l", this.path]);
    await Deno.remove(this.path);
  }
}

/** The machine as `alone` shows it to the program: below a layer that takes all that is written. */
const LAYER = `
set -eu
scratch=$1 sources=$2 program=$3 commands=$4
mount -t tmpfs none "$scratch"
mkdir "$scratch/upper" "$scratch/work" "$scratch/root"
root=$scratch/root
mount -t overlay -o "lowerdir=/,upperdir=$scratch/upper,workdir=$scratch/work" overlay "$root"
mkdir -p "$root/alone/home"
cp "$program" "$root/alone/erth"
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs none "$root/dev/shm"
mount -t tmpfs none "$root$sources"
bare="HOME=/alone/home PATH=/usr/bin:/bin LANG=C.UTF-8"
cd /
chroot "$root" env -i $bare sh -euc "cd /alone; $commands" || echo "failed: $?" >&2
echo WRITTEN
cd "$scratch/upper"
find . -mindepth 1 \\( ! -type d -o -empty \\)
cd "$root/dev/shm"
find . -mindepth 1 -printf './dev/shm/%P\\n'
`;

/**
 * Runs shell commands in a folder that holds nothing but a copy of the program, on this machine as
 * it would be without the sources: new HOME, PATH of the bare system, no other environment.
 *
 * @returns The commands' output, and every file that was written, wherever it lies.
 */
export async function alone(commands: string): Promise<{ output: string; written: string[] }> {
  const scratch = await Deno.makeTempDir();
  const sources = ROOT.replace(/\/$/, "");
  if (dirname(scratch).startsWith(sources)) throw new Error(`Cannot hide ${sources}`);
  const output = await must([
    ...["unshare", "--mount", "--pid", "--fork", "--kill-child"],
    ...["sh", "-c", LAYER, "sh", scratch, sources, BINARY, commands],
  ]);
  await Deno.remove(scratch);
  const [before = "", after = ""] = output.split("WRITTEN\n");
  return { output: before, written: after.trim().split("\n") };
}

async function run(command: string[]): Promise<boolean> {
  const [program = "", ...args] = command;
  try {
    return (await new Deno.Command(program, { args, stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

async function must(command: string[]): Promise<string> {
  const [program = "", ...args] = command;
  const { code, stdout, stderr } = await new Deno.Command(program, { args }).output();
  const text = new TextDecoder();
  if (code === 0) return text.decode(stdout);
  throw new Error(`Cannot run ${command[0]}: status ${code}: ${text.decode(stderr)}`);
}
