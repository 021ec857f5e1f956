import { assertEquals } from "@std/assert";
import { FakeClock } from "../../tests/fixtures/fake_clock.ts";
import { Child, type Process, spawnProcess } from "./child.ts";
import { systemClock } from "./clock.ts";

const LISTENER = { onLine: () => {}, onLog: () => {}, onFault: () => {} };
const PATH = Deno.env.get("PATH")!;

function shell(script: string) {
  return spawnProcess({ command: "/bin/sh", args: ["-c", script], env: { PATH } });
}

Deno.test("a stranger who got the number of a reaped process is left alone", async () => {
  const stranger = shell("echo up; exec sleep 60");
  try {
    const gone: Process = {
      pid: stranger.pid,
      stdin: new WritableStream(),
      stdout: new ReadableStream({ start: (controller) => controller.close() }),
      stderr: new ReadableStream({ start: (controller) => controller.close() }),
      status: Promise.resolve({ code: 0, signal: null }),
      kill: () => {},
    };
    const child = new Child(gone, new FakeClock(), LISTENER);
    await child.release();
    const over = stranger.status.then(({ signal }) => signal);
    stranger.kill("SIGTERM");
    assertEquals(await over, "SIGTERM");
  } finally {
    await Promise.all([stranger.stdin.close(), stranger.stdout.cancel(), stranger.stderr.cancel()]);
  }
});

Deno.test("what a process that ended by itself had started ends with it", async () => {
  const process = shell("sleep 60 >/dev/null 2>&1 & echo $!; exit 0");
  const told = Promise.withResolvers<number>();
  const onLine = (line: string) => told.resolve(Number(line));
  const child = new Child(process, systemClock, { ...LISTENER, onLine });
  const orphan = await told.promise;
  await child.release();
  assertEquals(await endOf(orphan), true);
});

Deno.test("one that heeds nothing is killed with all that it had started", async () => {
  const process = shell("trap '' TERM; sleep 60 & echo $!; while :; do wait; done");
  const told = Promise.withResolvers<number>();
  const onLine = (line: string) => told.resolve(Number(line));
  const child = new Child(process, systemClock, { ...LISTENER, onLine });
  const started = await told.promise;
  await child.end({ stop: 20, term: 20 });
  assertEquals(await endOf(started), true);
  await child.release();
});

/** Whether a process is gone, or has just to be reaped; within two seconds. */
async function endOf(pid: number): Promise<boolean> {
  for (let look = 0; look < 200; look++) {
    const state = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "");
    if (/^$|\) [ZX] /.test(state)) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
}
