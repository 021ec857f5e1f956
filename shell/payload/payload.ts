import { join } from "node:path";
import { ErthError } from "../../errors.ts";
import { ArchiveFile } from "./archive.ts";
import { folderError } from "./folder_error.ts";
import { type Manifest, sha256 } from "./format.ts";
import { hashElsewhere } from "./hash_elsewhere.ts";
import { systemClock, within } from "../process/clock.ts";
import { isStamped, stamp, unstamp } from "./stamp.ts";
import { type Archive, type Progress, unpack } from "./unpack.ts";
import { isWhole, survey } from "./verify.ts";

/** What to unpack, and where to. */
export interface PayloadOptions {
  /** The folder that holds `NAME.json` and `NAME.bin`. */
  source: string | URL;
  name: string;
  /** @default `NAME.bin` */
  archive?: Archive;
  /** Made if it isn't there; may be shared by many versions and processes. */
  cacheDir: string;
  /**
   * Whether files that look untouched since they were last hashed are taken for right. Whoever says
   * so has to `recheck` once there is time. @default {false}
   */
  believing?: boolean;
  /** Called only if there is something to unpack. */
  onProgress?: Progress;
  signal?: AbortSignal;
}

/** A payload on disk. Nobody sweeps it while it is held. */
export interface Payload {
  readonly folder: string;
  /** Whether it had to be unpacked just now. */
  readonly unpacked: boolean;
  /** Whether its content was believed, not hashed. */
  readonly believed: boolean;
  /** Resolves when other versions have been looked at, and this one is stamped. */
  readonly settled: Promise<void>;
  /**
   * Hashes it in another thread; false if a byte of it differs. Then nobody believes it any more: the
   * next to ask for it unpacks it anew.
   */
  recheck(): Promise<boolean>;
  /** Lets go of the folder; a newer version may delete it then. */
  release(): void;
}

/** How long a version that may be in use is waited for before it is left alone. */
const SWEEP_WAIT_MS = 100;

/**
 * The payload's folder, unpacked if this version isn't there yet or isn't whole. Names, kinds, sizes
 * and modes of its files are looked at each time, and every byte is hashed, unless `believing` is
 * given and nothing has touched the files since that was done last: so nothing has to be believed
 * about a crash, a full disk or a stranger's hand for longer than a start takes. It is published by
 * renaming, under a lock that a killed process lets go of. Versions that nobody uses are deleted
 * afterwards.
 *
 * @throws {ErthError} `PAYLOAD_DAMAGED` if the archive is damaged, `PAYLOAD_DISK` if the disk is
 * full, `PAYLOAD_FOLDER` if the folder can't be used.
 */
export async function ensurePayload(options: PayloadOptions): Promise<Payload> {
  try {
    return await ensure(options);
  } catch (error) {
    if (error instanceof ErthError || options.signal?.aborted) throw error;
    throw folderError(options.cacheDir, error);
  }
}

async function ensure(options: PayloadOptions): Promise<Payload> {
  const { cacheDir, name } = options;
  const [manifest, key] = await readManifest(options);
  const folder = join(cacheDir, `${name}-${key}`);
  await Deno.mkdir(cacheDir, { recursive: true, mode: 0o700 });
  const use = await lockFile(`${folder}.use`, false);
  try {
    let state = await inspect(manifest, folder, options.believing ?? false);
    const unpacked = state === "damaged" && await renew(options, manifest, folder);
    if (state === "damaged") state = "hashed";
    // What can't be deleted or written now is met again at the next start.
    const stamped = options.believing && state === "hashed" ? stamp(manifest, folder) : undefined;
    const work = Promise.allSettled([sweep(cacheDir, name, key), stamped]);
    return {
      folder,
      unpacked,
      believed: state === "believed",
      settled: work.then(() => {}),
      recheck: () => recheck(manifest, folder),
      release: () => use.close(),
    };
  } catch (error) {
    use.close();
    throw error;
  }
}

/** What can be said of a folder's content, and why. */
type State = "damaged" | "hashed" | "believed";

async function inspect(manifest: Manifest, folder: string, believing: boolean): Promise<State> {
  const found = await survey(manifest, folder);
  if (found === undefined) return "damaged";
  if (believing && await isStamped(folder, found)) return "believed";
  return await isWhole(manifest, folder) ? "hashed" : "damaged";
}

async function recheck(manifest: Manifest, folder: string): Promise<boolean> {
  const whole = await hashElsewhere({ manifest, folder });
  if (!whole) unstamp(folder);
  return whole;
}

async function readManifest({ source, name }: PayloadOptions): Promise<[Manifest, string]> {
  try {
    const bytes = await Deno.readFile(member(source, `${name}.json`));
    const manifest: Manifest = JSON.parse(new TextDecoder().decode(bytes));
    return [manifest, (await sha256(bytes)).slice(0, 16)];
  } catch (error) {
    throw new ErthError("PAYLOAD_DAMAGED", `${name}.json: ${error}`, { cause: error });
  }
}

/** Unpacks and publishes, one process at a time; false if another one did so meanwhile. */
async function renew(
  options: PayloadOptions,
  manifest: Manifest,
  folder: string,
): Promise<boolean> {
  using _lock = await lockFile(join(options.cacheDir, `${options.name}.lock`), true);
  if (await inspect(manifest, folder, false) === "hashed") return false;
  // Under the lock nobody else unpacks: what lies there was left by a kill.
  await removeAll(options.cacheDir, (entry) => entry.startsWith(`${options.name}.tmp-`));
  const temp = join(options.cacheDir, `${options.name}.tmp-${crypto.randomUUID()}`);
  await Deno.mkdir(temp, { mode: 0o700 });
  try {
    await unpackInto(temp, manifest, options);
    await moveAside(folder, `${temp}.old`);
    await Deno.rename(temp, folder);
  } finally {
    await Deno.remove(temp, { recursive: true }).catch(() => {});
    await Deno.remove(`${temp}.old`, { recursive: true }).catch(() => {});
  }
  return true;
}

async function unpackInto(temp: string, manifest: Manifest, options: PayloadOptions) {
  if (options.archive !== undefined) {
    return await unpack(manifest, options.archive, temp, options);
  }
  using file = new ArchiveFile(member(options.source, `${options.name}.bin`));
  await unpack(manifest, { file, offset: 0 }, temp, options);
}

/** A damaged copy goes as a whole, so that no file of it can survive into the new one. */
async function moveAside(folder: string, aside: string): Promise<void> {
  try {
    await Deno.rename(folder, aside);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Deletes the other versions of this payload that no process holds. */
async function sweep(cacheDir: string, name: string, current: string): Promise<void> {
  const version = new RegExp(`^${name}-[0-9a-f]{16}$`);
  for await (const entry of Deno.readDir(cacheDir)) {
    if (!version.test(entry.name) || entry.name === `${name}-${current}`) continue;
    const folder = join(cacheDir, entry.name);
    const file = await openLock(`${folder}.use`);
    // There is no try-lock: a lock that is free is had at once, so a short wait tells.
    const locked = file.lock(true).then(() => true, () => false);
    if (await within(systemClock, SWEEP_WAIT_MS, locked) && await locked) {
      await Deno.remove(folder, { recursive: true }).catch(() => {});
      for (const beside of [`${folder}.stamp`, `${folder}.use`]) {
        await Deno.remove(beside).catch(() => {});
      }
      file.close();
    } else void locked.finally(() => file.close());
  }
}

async function removeAll(folder: string, fits: (name: string) => boolean): Promise<void> {
  for await (const entry of Deno.readDir(folder)) {
    if (fits(entry.name)) await Deno.remove(join(folder, entry.name), { recursive: true });
  }
}

async function lockFile(path: string, exclusive: boolean): Promise<Deno.FsFile> {
  const file = await openLock(path);
  await file.lock(exclusive);
  const [held, there] = await Promise.all([file.stat(), Deno.stat(path).catch(() => undefined)]);
  if (held.ino === there?.ino) return file;
  // A sweep deleted the file while we waited: a lock on it would protect nothing.
  file.close();
  return await lockFile(path, exclusive);
}

async function openLock(path: string): Promise<Deno.FsFile> {
  return await Deno.open(path, { create: true, read: true, write: true, mode: 0o600 });
}

function member(folder: string | URL, name: string): string | URL {
  return folder instanceof URL
    ? new URL(name, `${folder.href.replace(/\/$/, "")}/`)
    : join(folder, name);
}
