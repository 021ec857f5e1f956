const SAMPLE_MS = 200;
const PATIENCE_MS = 5_000;
const BUSY_AT_MOST = 0.08;

/**
 * Waits until the machine has next to nothing else to do, 5 s at most: what others do in the
 * middle of a measurement is noise. Whether it became quiet.
 */
export async function quiet(): Promise<boolean> {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    const before = cpuTimes();
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    const after = cpuTimes();
    const idle = (after.idle - before.idle) / (after.all - before.all);
    if (1 - idle <= BUSY_AT_MOST) return true;
  }
  return false;
}

/** Clock ticks of all cores since the system's start; see proc_stat(5). */
function cpuTimes(): { idle: number; all: number } {
  const line = Deno.readTextFileSync("/proc/stat").split("\n")[0]!;
  const ticks = line.split(/\s+/).slice(1, 9).map(Number);
  const [, , , idle = 0, waiting = 0] = ticks;
  return { idle: idle + waiting, all: ticks.reduce((sum, value) => sum + value, 0) };
}
