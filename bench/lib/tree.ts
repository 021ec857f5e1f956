/** A process and what it costs. */
export interface Member {
  pid: number;
  name: string;
  /** Proportional set size, in bytes: pages that several processes share count by share. */
  pss: number;
}

/** The environment variable that marks every process of one start. */
export const MARKER = "BENCH_START_ID";

/**
 * The process ids of a started program: it, whatever descends from it, and whatever carries the
 * mark, as helpers that lost their parent do.
 */
export function membersOf(root: number, mark: string): Set<number> {
  const parents = new Map<number, number>();
  const found = new Set<number>();
  for (const { name } of Deno.readDirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const stat = read(pid, "stat");
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (state === undefined || parent === undefined || state === "Z") continue;
    parents.set(pid, Number(parent));
    if (pid === root || read(pid, "environ").includes(`${MARKER}=${mark}`)) found.add(pid);
  }
  let before: number;
  do {
    before = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  } while (found.size > before);
  found.delete(Deno.pid);
  return found;
}

/** What the processes cost now; those that have just ended are left out. */
export function memoryOf(pids: Iterable<number>): Member[] {
  const members: Member[] = [];
  for (const pid of pids) {
    const kilobytes = read(pid, "smaps_rollup").match(/^Pss:\s+(\d+) kB$/m)?.[1];
    if (kilobytes === undefined) continue;
    members.push({ pid, name: read(pid, "comm").trim(), pss: Number(kilobytes) * 1024 });
  }
  return members;
}

/** Ends all processes of a start; resolves when none is left. */
export async function endAll(root: number, mark: string): Promise<void> {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    // A program that is asked to end ends its own helpers.
    for (const pid of signal === "SIGTERM" ? [root] : membersOf(root, mark)) kill(pid, signal);
    const deadline = performance.now() + 4_000;
    while (performance.now() < deadline) {
      if (membersOf(root, mark).size === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }
  throw new Error(`Cannot end process ${root}: something of it is left`);
}

function kill(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch {
    // It has just ended by itself.
  }
}

function read(pid: number, name: string): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/${name}`);
  } catch {
    return "";
  }
}
