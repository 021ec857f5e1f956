import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { LineLog } from "../../log.ts";
import { type Clock, systemClock } from "../process/clock.ts";
import { type LiveSidecar, type SidecarOptions, SidecarService } from "./sidecar.ts";
import type { Changed } from "./messages.ts";
import { Supervisor, type SupervisorEvent } from "../process/supervisor.ts";

const SCRIPT = fromFileUrl(new URL("../../tests/fixtures/fake_sidecar.py", import.meta.url));
const GREETING = { origin: "", database: "", dataDir: "", logLevel: "info", errors: "" };

/** Hands out values in the order they came; waits for those that are still to come. */
class Stream<T> {
  readonly seen: T[] = [];
  #taken = 0;
  #wake = () => {};

  readonly push = (value: T) => {
    this.seen.push(value);
    this.#wake();
  };

  async next(wanted: (value: T) => boolean = () => true): Promise<T> {
    for (;;) {
      while (this.#taken < this.seen.length) {
        const value = this.seen[this.#taken++]!;
        if (wanted(value)) return value;
      }
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

/** A supervised fake sidecar with the given faults, which may be changed for later generations. */
async function withSidecar(
  faults: string[],
  test: (parts: ReturnType<typeof compose>) => Promise<void>,
  options: Partial<SidecarOptions> = {},
) {
  const parts = compose(faults, options);
  parts.supervisor.start();
  try {
    await test(parts);
  } finally {
    await parts.supervisor.stop();
  }
}

function compose(faults: string[], options: Partial<SidecarOptions>) {
  const ready = new Stream<LiveSidecar>();
  const gone = new Stream<LiveSidecar>();
  const changed = new Stream<Changed>();
  const events = new Stream<SupervisorEvent>();
  const lines: string[] = [];
  const log = new LineLog((line) => lines.push(line), "debug");
  const service = new SidecarService({
    command: () => ({ command: "python3", args: [SCRIPT, ...faults], env: { PATH } }),
    greeting: () => GREETING,
    clock: systemClock,
    log,
    onReady: ready.push,
    onGone: gone.push,
    onChanged: changed.push,
    ...options,
  });
  const supervisor = new Supervisor({
    service,
    clock: systemClock,
    random: Math.random,
    log,
    onEvent: events.push,
    policy: { firstDelay: 1, halfLife: 1, loopDeaths: 1_000 },
  });
  const event = <T extends SupervisorEvent["type"]>(type: T) =>
    events.next((e) => e.type === type) as Promise<Extract<SupervisorEvent, { type: T }>>;
  return { ready, gone, changed, events, event, lines, service, supervisor, faults };
}

const PATH = Deno.env.get("PATH")!;

function ask({ port }: LiveSidecar, token: string): Promise<number> {
  return fetch(`http://127.0.0.1:${port}/`, { headers: { authorization: `Bearer ${token}` } })
    .then(async (response) => (await response.body?.cancel(), response.status));
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}

Deno.test("killed, it comes back with another port, token and number", async () => {
  await withSidecar([], async ({ ready, gone, changed, event }) => {
    const first = await ready.next();
    assertEquals(await ask(first, first.token()), 200);
    assertEquals(await changed.next(), { topic: "notes", id: "n1" });
    Deno.kill(first.pid, "SIGKILL");
    await first.gone;
    assertEquals(await gone.next(), first);
    assertEquals((await event("dead")).reason, "Killed by SIGKILL");
    const second = await ready.next();
    assertEquals([first.generation, second.generation], [1, 2]);
    assertNotEquals(second.port, first.port);
    assertEquals(await ask(second, second.token()), 200);
    assertEquals(await ask(second, first.token()), 401);
  });
});

Deno.test("stopped by a signal, it is found dead and replaced; suspicion makes that quick", async () => {
  await withSidecar([], async ({ ready, event }) => {
    const first = await ready.next();
    Deno.kill(first.pid, "SIGSTOP");
    first.suspect();
    assertMatch((await event("dead")).reason, /3 probes/);
    assert(!isAlive(first.pid));
    assertEquals((await ready.next()).generation, 2);
  });
});

Deno.test("a stop is orderly: the process exits by itself", async () => {
  const parts = compose([], {});
  parts.supervisor.start();
  const first = await parts.ready.next();
  await parts.supervisor.stop();
  assert(!isAlive(first.pid));
  assertEquals((await parts.event("stopped")).clean, true);
  assertEquals(parts.gone.seen, [first]);
});

Deno.test("one that ignores stop line and SIGTERM is killed", async () => {
  const times = { stop: { stop: 50, term: 50 } };
  const parts = compose(["stubborn"], { times });
  parts.supervisor.start();
  const first = await parts.ready.next();
  await parts.supervisor.stop();
  assert(!isAlive(first.pid));
});

Deno.test("its own children end with it", async () => {
  await withSidecar(["grandchild"], async ({ ready }) => {
    const first = await ready.next();
    const path = `/proc/${first.pid}/task/${first.pid}/children`;
    const children = Deno.readTextFileSync(path).trim().split(" ").map(Number);
    assertEquals(children.length, 1);
    Deno.kill(first.pid, "SIGKILL");
    await ready.next();
    assert(!isAlive(children[0]!));
  });
});

Deno.test("one that can't start opens the breaker with its last words; a retry mends it", async () => {
  await withSidecar(["last-words"], async ({ ready, event, supervisor, faults }) => {
    const open = await event("breaker-open");
    assertEquals(open.cause, "Exited with status 1");
    assertEquals(open.tail.at(-1), "no module named 'spam'");
    assertEquals(open.generation, 5);
    faults.length = 0;
    supervisor.retry();
    assertEquals((await ready.next()).generation, 6);
  });
});

Deno.test("a schema it doesn't know opens the breaker at once, with the code", async () => {
  await withSidecar(["fatal"], async ({ event }) => {
    const open = await event("breaker-open");
    assertEquals([open.generation, open.code], [1, "SCHEMA_UNKNOWN"]);
    assertEquals(open.cause, "user_version is 99");
  });
});

for (
  const [fault, reason] of Object.entries({
    "exit-0": /^Exited with status 0$/,
    "bad-port": /^Announced a port that is none: 99999$/,
    "mute": /^Closed its output/,
    "never-ready": /^Not ready within 2 s$/,
  })
) {
  Deno.test(`${fault} is a death before the first answer`, async () => {
    const times = { grace: 2_000, farewell: 200 };
    await withSidecar([fault], async ({ event, ready }) => {
      const dead = await event("dead");
      assertMatch(dead.reason, reason);
      assertEquals([dead.answered, ready.seen.length], [false, 0]);
    }, { times });
  });
}

Deno.test("garbage and a line of 3 MB on its output don't keep it from being ready", async () => {
  await withSidecar(["garbage"], async ({ ready, lines, service }) => {
    await ready.next();
    assert(lines.some((line) => line.includes("sidecar.garbage")));
    assert(service.tail().every((line) => line.length <= 500));
  });
});

for (const command of ["/nowhere/erth-sidecar", "/etc/passwd"]) {
  Deno.test(`${command} as its command opens the breaker, with the reason`, async () => {
    await withSidecar([], async ({ event }) => {
      const open = await event("breaker-open");
      assertMatch(open.cause, /^Cannot start: /);
    }, { command: () => ({ command, args: [], env: {} }) });
  });
}

Deno.test("a program with another secret on the port is dead, and said so", async () => {
  await withSidecar(["wrong-proof"], async ({ ready, event, lines }) => {
    const first = await ready.next();
    first.suspect();
    assertMatch((await event("dead")).reason, /3 probes/);
    assert(lines.some((line) => line.includes("Wrong proof")));
    assert(lines.every((line) => !line.includes(first.token())));
  }, { times: { probe: { suspicion: 100 } } });
});

Deno.test("a new token is used once the sidecar has it; the old one counts a while", async () => {
  await withSidecar([], async ({ ready, event }) => {
    const first = await ready.next();
    const old = first.token();
    const { id } = await event("rotated");
    assertNotEquals(first.token(), old);
    assert(first.token().startsWith(`${id}.`));
    assertEquals(await ask(first, first.token()), 200);
    assertEquals(await ask(first, old), 200);
  }, { times: { rotation: 200, probe: { interval: 50 } } });
});

Deno.test("a token that hasn't arrived isn't used", async () => {
  const probes = new Stream<Response>();
  const counted: typeof fetch = async (...request) => {
    const response = await fetch(...request);
    probes.push(response);
    return response;
  };
  const times = { rotation: 20, probe: { interval: 50 } };
  await withSidecar(["late-token"], async ({ ready, events }) => {
    const first = await ready.next();
    const old = first.token();
    for (let probe = 0; probe < 5; probe++) await probes.next();
    assertEquals(first.token(), old);
    assertEquals(await ask(first, old), 200);
    assert(events.seen.every((event) => event.type !== "rotated"));
  }, { times, fetch: counted });
});

/** Says ready at once and does nothing more: as fast a generation as there can be. */
const BRISK = `read greeting; echo '{"ready":true,"port":1,"pid":1,"version":"0"}'; read stop`;

Deno.test("two hundred restarts leave no descriptor and no timer behind", async () => {
  const timers = new Set<number>();
  const clock: Clock = {
    now: systemClock.now,
    monotonic: systemClock.monotonic,
    after(ms, run) {
      const timer = setTimeout(() => (timers.delete(timer), run()), ms);
      timers.add(timer);
      return () => (timers.delete(timer), clearTimeout(timer));
    },
  };
  const command = () => ({ command: "/bin/sh", args: ["-c", BRISK], env: {} });
  await withSidecar([], async ({ ready }) => {
    const descriptors = () => [...Deno.readDirSync("/proc/self/fd")].length;
    const counts: number[] = [];
    for (let generation = 1; generation <= 220; generation++) {
      const live = await ready.next();
      assertEquals(live.generation, generation);
      counts.push(descriptors());
      Deno.kill(live.pid, "SIGKILL");
      await live.gone;
    }
    assert(Math.max(...counts.slice(20)) <= Math.max(...counts.slice(0, 20)) + 2);
    await ready.next();
    assertEquals(timers.size, 2); // The next probe and the next token.
  }, { command, clock });
  assertEquals(timers.size, 0);
});
