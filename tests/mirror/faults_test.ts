import { assert, assertEquals } from "@std/assert";
import { asErthError } from "../../errors.ts";
import { type Computer, scenario, type World } from "./computer.ts";
import { type Fault, FaultProxy, type Limits } from "./fault_proxy.ts";

/** How long an answer is waited for; where none comes, less long than the mirror would. */
const PATIENCE_MS = { silent: 300, usual: 10_000 };

/** Edits that somebody makes while one round of the mirror runs. */
const MEANWHILE = 6;

/** A computer behind a faulty network, another one with a good line, and what the first tried. */
class Line implements AsyncDisposable {
  readonly proxy: FaultProxy;
  /** Ids of the batches that were sent, in order. */
  readonly attempts: string[] = [];
  #edits = 0;
  #patience = PATIENCE_MS.usual;

  private constructor(readonly world: World, readonly a: Computer, readonly b: Computer) {
    this.proxy = new FaultProxy(world.server.url);
    a.url = this.proxy.url;
  }

  /** Both have met, and the remote counts what is written to its notes. */
  static async between(world: World, limits = { batch: 4, page: 4 }): Promise<Line> {
    const line = new Line(world, await world.computer("a"), await world.computer("b"));
    await line.a.mirror({ fetch: line.#fetch, limits });
    line.a.write("edited-a");
    line.b.write("edited-b");
    await world.settle(line.a, line.b);
    await world.countWrites();
    return line;
  }

  /** One of each kind of change; notes named `once-` are written once and never again. */
  edit(computer: Computer): void {
    const number = ++this.#edits;
    const { name } = computer;
    computer.write(`once-${name}-${number}`, { title: `Note ${number}`, body: "x".repeat(100) });
    computer.write(`edited-${name}`, { body: `Text ${number}` });
    computer.write(`gone-${name}-${number}`);
    if (number % 2) computer.delete(`gone-${name}-${number}`);
    else computer.delete(`gone-${name}-${number - 2}`);
  }

  /** Many notes at once. */
  addMany(computer: Computer, count: number): void {
    computer.store.transaction(() => {
      for (let left = count; left > 0; left--) {
        computer.write(`once-${computer.name}-${++this.#edits}`);
      }
    });
  }

  /** Damages the line of the first. */
  begin(fault: Fault, limits?: Limits): void {
    this.#patience = fault.kind === "half-open" ? PATIENCE_MS.silent : PATIENCE_MS.usual;
    this.proxy.begin(fault, limits);
  }

  /** One round of the mirror behind the fault, with edits on both sides; its error's code. */
  async attempt(): Promise<string | undefined> {
    this.edit(this.b);
    await this.b.sync();
    this.edit(this.a);
    const round = this.a.sync().then(() => undefined, (error) => asErthError(error).code);
    let over = false;
    round.finally(() => over = true);
    for (let edits = 0; edits < MEANWHILE && !over; edits++) {
      this.edit(this.a);
      // A turn of the event loop, in which the round goes on.
      await new Promise((resolve) => setTimeout(resolve));
    }
    return await round;
  }

  /** After the fault: everything is on both sides, once and without a gap, and nobody is blamed. */
  async check(): Promise<void> {
    this.proxy.end();
    this.#patience = PATIENCE_MS.usual;
    const { world, a, b } = this;
    await world.settle(a, b);
    const batches = await world.remote("SELECT seq, id, device FROM erth_batches ORDER BY seq");
    assertEquals(batches.map(({ seq }) => seq), batches.map((_, index) => index + 1));
    assertEquals(new Set(batches.map(({ id }) => id)).size, batches.length);
    const own = batches.filter(({ device }) => device === a.device).map(({ id }) => String(id));
    assertEquals(own.filter((id) => !this.attempts.includes(id)), []);
    const written = await world.remote(
      "SELECT id, count(*) AS n FROM spy WHERE id LIKE 'once-%' GROUP BY id HAVING n != 1",
    );
    assertEquals(written, []);
    const notes = await world.remote("SELECT count(*) AS n FROM notes WHERE id LIKE 'once-%'");
    assertEquals(notes, [{ n: this.#edits }]);
    assertEquals([a, b].map(({ notices, lost }) => ({ notices, lost })), [
      { notices: [], lost: [] },
      { notices: [], lost: [] },
    ]);
    assertEquals([a, b].map((one) => one.count("mirror_aside")), [0, 0]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.a.disconnect();
    this.b.disconnect();
    await this.proxy[Symbol.asyncDispose]();
  }

  #fetch = async (input: Request | URL | string, init?: RequestInit): Promise<Response> => {
    if (input instanceof Request) {
      const { requests = [] } = JSON.parse(await input.clone().text());
      for (const { stmt } of requests) {
        if (stmt?.sql.includes("INTO erth_inbox")) this.attempts.push(stmt.args[0].value);
      }
    }
    const patience = AbortSignal.timeout(this.#patience);
    return await fetch(input, { ...init, signal: AbortSignal.any([patience, init!.signal!]) });
  };
}

/** Each fault, and whether rounds may succeed while it lasts. */
const FAULTS: [Fault, boolean][] = [
  [{ kind: "cut" }, false],
  [{ kind: "delay", ms: 40 }, true],
  [{ kind: "half-open" }, false],
  [{ kind: "reset" }, false],
  [{ kind: "unavailable" }, true],
  [{ kind: "rubbish" }, false],
  [{ kind: "truncated" }, false],
  [{ kind: "trickle", bytes: 200, ms: 2 }, true],
  [{ kind: "duplicate" }, true],
  [{ kind: "late", ms: 30 }, false],
];

for (const [fault, mayPass] of FAULTS) {
  scenario(
    `While each request meets '${fault.kind}', edits go on and arrive later`,
    async (world) => {
      await using line = await Line.between(world);
      line.begin(fault);
      for (let round = 0; round < 3; round++) {
        const code = await line.attempt();
        if (code !== undefined || !mayPass) assertEquals(code, "MIRROR_OFFLINE");
      }
      await line.check();
    },
  );
}

/** Faults that hit one request of a round, each request in its turn. */
const SINGLE: Fault[] = [
  { kind: "cut" },
  { kind: "half-open" },
  { kind: "reset" },
  { kind: "unavailable" },
  { kind: "rubbish" },
  { kind: "truncated" },
  { kind: "duplicate" },
  { kind: "late", ms: 0 },
  { kind: "late", ms: 60 },
];

for (const fault of SINGLE) {
  const name = "ms" in fault ? `${fault.kind} by ${fault.ms} ms` : fault.kind;
  scenario(
    `A round that meets '${name}' at any one of its requests does no harm`,
    async (world) => {
      await using line = await Line.between(world);
      for (let nth = 1;;) {
        const sent = line.attempts.length;
        line.begin(fault, { nth });
        const code = await line.attempt();
        const met = line.proxy.matched >= nth;
        if (!met && code === undefined) {
          // More requests than reading alone takes: the pushes were hit as well.
          assert(sent > 0 && nth > 5, `${nth - 1} requests`);
          return await line.check();
        }
        assert(code === undefined || code === "MIRROR_OFFLINE", code);
        // Something late may come in the middle of what follows.
        await line.check();
        await line.proxy.settled();
        await line.check();
        // On a slow machine it may have been given up before.
        if (met) nth++;
      }
    },
  );
}

scenario("A new computer's first rounds may be cut off anywhere", async (world) => {
  await using line = await Line.between(world);
  for (let number = 0; number < 30; number++) line.edit(line.b);
  await line.b.sync();
  for (let nth = 1;; nth++) {
    const c = await world.computer(`c${nth}`, { url: line.proxy.url });
    c.write(`once-c-${nth}`);
    line.begin({ kind: nth % 2 ? "cut" : "reset" }, { nth });
    const code = await c.sync().then(() => undefined, (error) => asErthError(error).code);
    const over = line.proxy.matched < nth;
    line.proxy.end();
    if (!over) assertEquals(code, "MIRROR_OFFLINE");
    await c.sync();
    assertEquals(c.notices, []);
    await world.settle(line.a, line.b, c);
    c.disconnect();
    if (over) return;
  }
});

scenario("Much that was written offline goes over a line that breaks anywhere", async (world) => {
  // So many that each batch is prepared while the one before it is under way.
  await using line = await Line.between(world, { batch: 510, page: 510 });
  let met = true;
  for (let nth = 1; met; nth++) {
    for (const computer of [line.a, line.b]) line.addMany(computer, 1_100);
    line.begin(nth % 2 ? { kind: "reset" } : { kind: "late", ms: 0 }, { nth });
    const code = await line.attempt();
    met = line.proxy.matched >= nth;
    assert(code === undefined || code === "MIRROR_OFFLINE", code);
    assert(met || nth > 8);
  }
  await line.check();
});

/** Whole numbers below `below` that follow from a seed (mulberry32). */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

for (const seed of [1, 2]) {
  scenario(`A line that fails in one way after another (seed ${seed})`, async (world) => {
    await using line = await Line.between(world);
    const roll = dice(seed);
    const codes = new Set<string | undefined>();
    for (let round = 0; round < 25; round++) {
      const fault = SINGLE[roll(SINGLE.length)]!;
      line.begin(fault, { nth: 1 + roll(8) });
      codes.add(await line.attempt());
    }
    assertEquals([...codes].sort(), ["MIRROR_OFFLINE", undefined]);
    await line.proxy.settled();
    await line.check();
  });
}
