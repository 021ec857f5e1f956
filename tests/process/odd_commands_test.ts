import { assertEquals } from "@std/assert";
import catalogue from "../../errors.json" with { type: "json" };
import { Erth } from "../harness.ts";
import {
  ARGUMENTS,
  MEANT,
  MISTYPED,
  PIPED,
  WITH_DATA,
  WITH_PATH,
  WITH_TEXT,
} from "./odd_commands.ts";
import { withOddFiles } from "./odd_files.ts";

/** A command is given so long. */
const PATIENCE_MS = 20_000;
/** Commands at a time. */
const AT_ONCE = 3;

interface Try {
  name: string;
  args: readonly string[];
  stdin?: Uint8Array<ArrayBuffer> | string;
  /** Its exit code, if there is just one that is right. */
  exit?: number;
}

/** A program and its data, whose owner is nobody in particular. */
class Place {
  readonly #program: string;
  readonly data: string;

  constructor(program: string, data: string) {
    this.#program = program;
    this.data = data;
  }

  /** What is wrong with the end of a command; nothing if all is well. */
  async wrongWith({ args, exit, name, stdin }: Try): Promise<string | undefined> {
    const data = args.includes("--data") ? [] : ["--data", this.data];
    const before = args.indexOf("--");
    const words = before < 0 ? [...args, ...data] : args.toSpliced(before, 0, ...data);
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const child = new Deno.Command(this.#program, {
      args: words.some((word) => word.startsWith("--json")) ? words : ["--json", ...words],
      env: { DISPLAY: "", WAYLAND_DISPLAY: "" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      signal,
    }).spawn();
    const writer = child.stdin.getWriter();
    const fed = (async () => {
      if (typeof stdin === "object") await writer.write(stdin);
      // Without an end, as from /dev/zero.
      while (stdin === "endless") await writer.write(new Uint8Array(65_536));
      await writer.close();
    })().catch(() => {});
    const { code, signal: killed, stderr, stdout } = await child.output();
    await fed;
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    const said = `${name}: ${killed ?? code} ${out!.slice(0, 300)} ${err!.slice(0, 300)}`;
    if (signal.aborted) return `${said} (stuck)`;
    if (exit !== undefined && code !== exit) return said;
    return isFine(code, out!, err!) ? undefined : said;
  }

  async allOf(tries: readonly Try[]): Promise<string[]> {
    const wrong: string[] = [];
    const waiting = tries[Symbol.iterator]();
    const work = async () => {
      for (let next = waiting.next(); !next.done; next = waiting.next()) {
        const found = await this.wrongWith(next.value);
        if (found !== undefined) wrong.push(found);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return wrong;
  }
}

/** Whether a command ended as one should: with its answer, or with a code and its exit code. */
function isFine(exit: number, out: string, err: string): boolean {
  if (/\n\s+at .*:\d+:\d+|Uncaught|Traceback|panicked|INTERNAL/.test(out + err)) return false;
  if (exit === 0) return true;
  const codes = Object.entries(catalogue).filter((it) => it[1].exit === exit).map(([code]) => code);
  return codes.some((code) => out.includes(`"${code}"`) || err.includes(`[${code}]`));
}

function put(args: readonly string[], word: string, value: string): string[] {
  return args.map((it) => it === word ? value : it);
}

/** Runs a test beside a running instance: commands that find one take a tenth of the time. */
function within(run: (place: Place, files: [string, string][]) => Promise<void>): Promise<void> {
  return withOddFiles(async ({ data, files, program }) => {
    await using _erth = await Erth.start({ data, binary: program });
    await run(new Place(program, data), files);
  });
}

Deno.test("whatever a command is given, it ends, with an answer or a code", () =>
  within(async (place, files) => {
    const tries: Try[] = WITH_TEXT.flatMap((args) =>
      ARGUMENTS.map(([what, text]) => ({
        name: `${args.join(" ")}: ${what}`,
        args: put(args, "TEXT", text),
      }))
    );
    for (const [what, path] of files) {
      for (const args of [...WITH_PATH, ...WITH_DATA]) {
        tries.push({ name: `${args.join(" ")}: ${what}`, args: put(args, "PATH", path) });
      }
    }
    const paths = files.map(([, path]) => path);
    tries.push({ name: "library add: all that is odd", args: ["library", "add", ...paths] });
    for (const [what, command, stdin] of PIPED) {
      tries.push({ name: `${command}: ${what}`, args: command.split(" "), stdin });
    }
    for (const command of ["note add", "ask"]) {
      const name = `${command}: without an end`;
      tries.push({ name, args: command.split(" "), stdin: "endless", exit: 2 });
    }
    assertEquals(await place.allOf(tries), []);
  }));

Deno.test("what is typed wrongly is refused, and what is odd but meant is taken", () =>
  within(async (place) => {
    const tries = [
      ...MISTYPED.map((args) => ({ name: args.join(" "), args, exit: 2 })),
      ...MEANT.map((args) => ({ name: args.join(" "), args, exit: 0 })),
    ];
    assertEquals(await place.allOf(tries), []);
  }));
