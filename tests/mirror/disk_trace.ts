import { decodeHex } from "@std/encoding/hex";
import { basename, join } from "node:path";
import { DATABASE_NAME } from "../../db/store/store.ts";
import { BINARY } from "../harness.ts";
import type { Dice } from "./operations.ts";

/** What a program does to its database's files, in its order; times in seconds since 1970. */
export type DiskOperation =
  | { kind: "write"; file: string; time: number; at: number; bytes: Uint8Array }
  | { kind: "truncate"; file: string; time: number; at: number }
  | { kind: "unlink"; file: string; time: number }
  /** What was written before `sync` is on the disk at the `synced` of the same thread. */
  | { kind: "sync"; file: string; time: number; thread: string }
  | { kind: "synced"; file: string; time: number; thread: string };

type Change = Extract<DiskOperation, { kind: "write" | "truncate" }>;

/** The files of a database by name, as bytes. */
export type Files = Map<string, Uint8Array>;

const NAMES = [DATABASE_NAME, `${DATABASE_NAME}-wal`];
/** A disk writes so many bytes whole, or not at all. */
const SECTOR = 512;
const CALLS = "pwrite64,pwritev,pwritev2,write,writev,fallocate,ftruncate,fsync,fdatasync,unlink";

const CALL = /^(\d+) +([\d.]+) (\w+)\((?:\d+<|")((?:\\x\w\w)*)(?:>|")(.*)/s;
const WRITE = /^, "((?:\\x\w\w)*)", \d+, (\d+)/;
const RESUMED = /^(\d+) +([\d.]+) <\.\.\. (\w+) resumed>/;

/** Has strace(1) write down what a program does to the database in a folder. */
export class DiskTrace {
  readonly #folder: string;
  readonly #log: string;
  readonly #before: Files;

  private constructor(folder: string, log: string, before: Files) {
    this.#folder = folder;
    this.#log = log;
    this.#before = before;
  }

  /** Begins with the files as they are: they count as being on the disk. */
  static async begin(folder: string): Promise<DiskTrace> {
    await Deno.mkdir(folder, { recursive: true });
    return new DiskTrace(folder, await Deno.makeTempFile(), await readFiles(folder));
  }

  /** A program that does what Erth does, under observation. */
  async program(): Promise<string> {
    const path = `${this.#log}.sh`;
    const places = NAMES.map((name) => `-P '${join(this.#folder, name)}'`).join(" ");
    const strace = `strace -f --seccomp-bpf -qq -ttt -y -xx -s 1000000 -e signal=none`;
    const script = `#!/bin/sh\nexec ${strace} -e trace=${CALLS} ${places} -o '${this.#log}' ` +
      `'${BINARY}' "$@"\n`;
    await Deno.writeTextFile(path, script, { mode: 0o700 });
    return path;
  }

  /** All that was done; to be read when the program has ended. */
  async end(): Promise<DiskHistory> {
    const text = await Deno.readTextFile(this.#log);
    await Deno.remove(this.#log);
    await Deno.remove(`${this.#log}.sh`);
    return new DiskHistory(this.#before, parse(text));
  }
}

/** What was done to a database's files, and what a power cut would have left of them. */
export class DiskHistory {
  readonly operations: readonly DiskOperation[];
  readonly #before: Files;

  constructor(before: Files, operations: readonly DiskOperation[]) {
    this.#before = before;
    this.operations = operations;
  }

  /** Whether all that was written before `time` is on the disk after the first `count` operations. */
  isSynced(time: number, count = this.operations.length): boolean {
    const done = this.operations.slice(0, count);
    return done.some((operation, index) =>
      operation.kind === "sync" && operation.file.endsWith("-wal") && operation.time > time &&
      done.slice(index).some((it) => it.kind === "synced" && it.thread === operation.thread)
    );
  }

  /**
   * The files after a power cut behind the first `count` operations. What wasn't synced is lost; or,
   * with dice, any of its sectors is as it was after any of the writes to it. Names count as synced.
   */
  afterCut(count = this.operations.length, dice?: Dice): Files {
    const done = this.operations.slice(0, count);
    const disk = new Disk(this.#before, done);
    let waiting: Change[] = [];
    const begun = new Map<string, Set<Change>>();
    for (const operation of done) {
      if (operation.kind === "sync") {
        const before = waiting.filter(({ file }) => file === operation.file);
        begun.set(operation.thread, new Set(before));
      } else if (operation.kind === "synced") {
        const written = begun.get(operation.thread) ?? new Set();
        for (const change of written) disk.apply(change);
        waiting = waiting.filter((change) => !written.has(change));
      } else if (operation.kind === "unlink") {
        disk.remove(operation.file);
        waiting = waiting.filter(({ file }) => file !== operation.file);
      } else waiting.push(operation);
    }
    if (dice !== undefined) { for (const change of waiting) disk.tear(change, dice); }
    return disk.files();
  }
}

/** What is on a disk. */
class Disk {
  readonly #files = new Map<string, { bytes: Uint8Array; length: number }>();

  constructor(before: Files, operations: readonly DiskOperation[]) {
    const sizes = new Map([...before].map(([name, { length }]) => [name, length]));
    for (const operation of operations) {
      if (operation.kind !== "write") continue;
      const { file, at, bytes } = operation;
      sizes.set(file, Math.max(sizes.get(file) ?? 0, at + bytes.length));
    }
    for (const [name, size] of sizes) {
      const bytes = new Uint8Array(size);
      bytes.set(before.get(name) ?? []);
      this.#files.set(name, { bytes, length: before.get(name)?.length ?? -1 });
    }
  }

  apply(change: Change): void {
    const file = this.#files.get(change.file)!;
    if (change.kind === "truncate") {
      file.bytes.fill(0, change.at);
      file.length = change.at;
    } else {
      file.bytes.set(change.bytes, change.at);
      file.length = Math.max(file.length, change.at + change.bytes.length);
    }
  }

  remove(name: string): void {
    const file = this.#files.get(name)!;
    file.bytes.fill(0);
    file.length = -1;
  }

  /** Part of a change comes to the disk; of two in one place the later one, if it does. */
  tear(change: Change, dice: Dice): void {
    if (change.kind === "truncate") {
      if (dice.chance(0.5)) this.apply(change);
      return;
    }
    const { at, bytes } = change;
    for (let from = 0; from < bytes.length;) {
      const to = Math.min(bytes.length, from + SECTOR - (at + from) % SECTOR);
      const part = bytes.subarray(from, to);
      if (dice.chance(0.5)) this.apply({ ...change, at: at + from, bytes: part });
      from = to;
    }
  }

  files(): Files {
    const there = [...this.#files].filter(([, { length }]) => length >= 0);
    return new Map(there.map(([name, { bytes, length }]) => [name, bytes.subarray(0, length)]));
  }
}

/** Puts files into a folder. */
export async function writeFiles(folder: string, files: Files): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (const [name, bytes] of files) await Deno.writeFile(join(folder, name), bytes);
}

async function readFiles(folder: string): Promise<Files> {
  const files: Files = new Map();
  for (const name of NAMES) {
    const bytes = await Deno.readFile(join(folder, name)).catch(() => undefined);
    if (bytes !== undefined) files.set(name, bytes);
  }
  return files;
}

function parse(text: string): DiskOperation[] {
  const syncing = new Map<string, string>();
  return text.split("\n").flatMap((line): DiskOperation[] => {
    const resumed = RESUMED.exec(line);
    if (resumed !== null) {
      const [, thread = "", time] = resumed;
      const file = syncing.get(thread);
      syncing.delete(thread);
      return file === undefined ? [] : [{ kind: "synced", file, time: Number(time), thread }];
    }
    const call = CALL.exec(line);
    if (call === null) return [];
    const [, thread = "", at, name, path = "", rest = ""] = call;
    const file = basename(new TextDecoder().decode(unescape(path)));
    const time = Number(at);
    if (name === "unlink") return [{ kind: "unlink", file, time }];
    if (name === "ftruncate") {
      return [{ kind: "truncate", file, time, at: Number(/^, (\d+)/.exec(rest)![1]) }];
    }
    if (name === "fsync" || name === "fdatasync") {
      const begun: DiskOperation = { kind: "sync", file, time, thread };
      if (!rest.includes("unfinished")) return [begun, { ...begun, kind: "synced" }];
      syncing.set(thread, file);
      return [begun];
    }
    const [, bytes, offset] = WRITE.exec(rest) ?? [];
    if (name !== "pwrite64" || bytes === undefined) {
      throw new Error(`Unknown: ${line.slice(0, 200)}`);
    }
    return [{ kind: "write", file, time, at: Number(offset), bytes: unescape(bytes) }];
  });
}

function unescape(text: string): Uint8Array {
  return decodeHex(text.replaceAll("\\x", ""));
}
