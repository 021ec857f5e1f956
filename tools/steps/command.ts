import { ROOT } from "./steps.ts";

/** How `run` calls a program. */
export interface RunOptions {
  /** Default: the project's root. */
  cwd?: string;
  env?: Record<string, string>;
  /** Milliseconds after which it is ended. */
  timeout?: number;
  /** How much of what a failed program said is shown; default 40. */
  lines?: number;
}

/**
 * Runs a program and keeps quiet unless it fails; its standard output.
 *
 * @throws {Error} with the last lines of what it said, if its exit code isn't 0.
 */
export async function run(command: string[], options: RunOptions = {}): Promise<string> {
  const output = await spawn(command, options, "piped").output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!output.success) {
    const said = (text(output.stdout) + text(output.stderr)).trimEnd().split("\n").slice(
      -(options.lines ?? 40),
    );
    throw new Error(
      `Cannot go on as '${command.join(" ")}' ended with ${output.code}:\n${said.join("\n")}`,
    );
  }
  return text(output.stdout);
}

/** Runs a program with its output on the terminal; whether it succeeded. */
export async function show(command: string[], options: RunOptions = {}): Promise<boolean> {
  return (await spawn(command, options, "inherit").output()).success;
}

function spawn(command: string[], options: RunOptions, output: "piped" | "inherit") {
  const [program, ...args] = command;
  return new Deno.Command(program!, {
    args,
    cwd: options.cwd ?? ROOT,
    env: options.env,
    signal: options.timeout === undefined ? undefined : AbortSignal.timeout(options.timeout),
    stdin: "null",
    stdout: output,
    stderr: output,
  });
}
