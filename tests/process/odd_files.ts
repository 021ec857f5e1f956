import { join } from "node:path";
import { BINARY } from "../harness.ts";

/** Somebody who isn't the one who runs the tests, if there may be two. */
const OTHER = 65534;

/** A program, a data folder, and what is odd beside it. */
export interface OddPlace {
  program: string;
  data: string;
  /** Paths of what is no ordinary file, or may not be read, by what they are. */
  files: [string, string][];
}

/** Runs a test as somebody for whom modes count. */
export async function withOddFiles(run: (place: OddPlace) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  await Deno.chmod(folder, 0o755);
  const data = join(folder, "data");
  await makeOddModels(join(data, "models"));
  await Deno.mkdir(join(folder, "odd"));
  const files = await makeOddFiles(join(folder, "odd"));
  await run({ files, data, program: await withoutPower(BINARY, folder) });
  await Deno.remove(folder, { recursive: true });
}

/** What a person may have put into the folder of models. */
async function makeOddModels(folder: string): Promise<void> {
  await Deno.mkdir(join(folder, "folder.gguf"), { recursive: true });
  await runToEnd("mkfifo", join(folder, "pipe.gguf"));
  await Deno.symlink(join(folder, "loop.gguf"), join(folder, "loop.gguf"));
  await Deno.writeTextFile(join(folder, "two\nlines.gguf"), "GGUF");
  await Deno.writeTextFile(join(folder, "half.gguf.part.json"), "{");
  // A name that isn't UTF-8.
  await runToEnd("sh", "-c", `: > "$0/$(printf 'a\\377\\376.gguf')"`, folder);
}

async function makeOddFiles(folder: string): Promise<[string, string][]> {
  const at = (name: string) => join(folder, name);
  await Deno.mkdir(at("folder"));
  await runToEnd("mkfifo", at("pipe.txt"));
  Deno.listen({ transport: "unix", path: at("socket.txt") }).close();
  await Deno.symlink(at("nowhere"), at("broken.txt"));
  await Deno.symlink(at("loop.txt"), at("loop.txt"));
  await Deno.writeTextFile(at("empty.txt"), "");
  await Deno.writeTextFile(at("page.gguf"), "<!doctype html>");
  await Deno.writeTextFile(at("cut.gguf"), "GGUF");
  await Deno.writeTextFile(at("two\nlines\u202e.txt"), "words");
  await Deno.writeTextFile(at("unreadable.txt"), "words", { mode: 0o600 });
  await Deno.mkdir(at("closed"));
  await Deno.writeTextFile(at("closed/inside.txt"), "words");
  await Deno.chmod(at("unreadable.txt"), 0);
  await Deno.chmod(at("closed"), 0);
  return [
    ...[...Deno.readDirSync(folder)].map(({ name }): [string, string] => [name, at(name)]),
    ["in a closed folder", at("closed/inside.txt")],
    ["a folder below a file", at("empty.txt/x.txt")],
    ["without an end", "/dev/zero"],
    ["a process's memory", "/proc/self/mem"],
    ["nothing", ""],
    ["a name too long", at("x".repeat(300))],
    ["a path too long", `/${"x/".repeat(3_000)}x.txt`],
    ["someone else's", "/proc/1/environ"],
  ];
}

/**
 * A copy of a program that runs as somebody else than root, for whom modes count; the program
 * itself if this isn't root. What `folder` holds is theirs.
 */
async function withoutPower(program: string, folder: string): Promise<string> {
  if (Deno.uid() !== 0) return program;
  const wrapper = join(folder, "program");
  const copy = join(folder, "copy");
  await Deno.copyFile(program, copy);
  await Deno.chmod(copy, 0o755);
  const words = `exec setpriv --reuid ${OTHER} --regid ${OTHER} --clear-groups ${copy} "$@"`;
  await Deno.writeTextFile(wrapper, `#!/bin/sh\n${words}\n`, { mode: 0o755 });
  await runToEnd("chown", "-R", `${OTHER}:${OTHER}`, folder);
  return wrapper;
}

async function runToEnd(program: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}
