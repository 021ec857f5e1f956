import { Listener } from "./listener.ts";
import { endAll, MARKER, type Member, membersOf, memoryOf } from "./tree.ts";

const PATIENCE_MS = 30_000;

/** A program with a window that tells when it has loaded. */
export interface Program {
  name: string;
  command: readonly string[];
  env: Record<string, string>;
  /** Whether it tells of a first fragment, too. */
  fragment: boolean;
}

/** Milliseconds from just before exec. */
export interface Times {
  loaded: number;
  fragment?: number;
}

/** Starts the program, waits until it has loaded, and ends it. */
export async function timeStart(program: Program): Promise<Times> {
  return await started(program, (times) => Promise.resolve(times));
}

/** What each process of the program costs so many seconds after it has loaded. */
export async function memoryAfter(program: Program, seconds: number): Promise<Member[]> {
  return await started(program, async (_times, root, mark) => {
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    return memoryOf(membersOf(root, mark));
  });
}

async function started<T>(
  { name, command, env, fragment }: Program,
  use: (times: Times, root: number, mark: string) => Promise<T>,
): Promise<T> {
  await using listener = new Listener();
  const mark = crypto.randomUUID();
  const [path, ...args] = command;
  const options = { stdin: "null", stdout: "null", stderr: "null" } as const;
  const own = { [MARKER]: mark, LOADED_URL: listener.url };
  const begin = performance.now();
  const child = new Deno.Command(path!, { args, env: { ...env, ...own }, ...options }).spawn();
  try {
    const late = deadline(name);
    const loaded = await Promise.race([listener.at("loaded"), late.promise]) - begin;
    const shown = fragment
      ? await Promise.race([listener.at("fragment"), late.promise]) - begin
      : undefined;
    late.cancel();
    return await use({ loaded, fragment: shown }, child.pid, mark);
  } finally {
    await endAll(child.pid, mark);
    await child.status;
  }
}

function deadline(name: string): { promise: Promise<never>; cancel: () => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  const error = new Error(`Cannot measure ${name}: it didn't load within ${PATIENCE_MS} ms`);
  const timer = setTimeout(() => reject(error), PATIENCE_MS);
  return { promise, cancel: () => clearTimeout(timer) };
}
