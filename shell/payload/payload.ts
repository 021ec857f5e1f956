import { join } from "node:path";
import { ErthError } from "../../errors.ts";
import { type Manifest, sha256 } from "./format.ts";
import { type Archive, type Progress, unpack } from "./unpack.ts";
import { verify } from "./verify.ts";

/** What to unpack, and where to. */
export interface PayloadOptions {
  /** The folder that holds `NAME.json` and `NAME.bin`. */
  source: string | URL;
  name: string;
  /** @default `NAME.bin` */
  archive?: Archive;
  /** Made if it isn't there; may be shared by many versions and processes. */
  cacheDir: string;
  /** Called only if there is something to unpack. */
  onProgress?: Progress;
  signal?: AbortSignal;
}

/** A payload on disk, verified. Nobody sweeps it while it is held. */
export interface Payload {
  readonly folder: string;
  /** Whether it had to be unpacked just now. */
  readonly unpacked: boolean;
  /** Resolves when other versions have been looked at. */
  readonly swept: Promise<void>;
  /** Lets go of the folder; a newer version may delete it then. */
  release(): void;
}

/** How long a version that may be in use is waited for before it is left alone. */
const SWEEP_WAIT_MS = 100;

/**
 * The payload's folder, unpacked if this version isn't there yet or isn't whole: every byte of it is
 * hashed at each start (45 MB take 25 ms beside the window's creation), so nothing has to be
 * believed about a crash, a full disk or a stranger's hand. It is published by renaming, under a
 * lock that a killed process lets go of. Versions that nobody uses are deleted afterwards.
 *
 * @throws {ErthError} `PAYLOAD_DAMAGED` if the archive is damaged, `PAYLOAD_DISK` if the disk is full
 * or can't be written to.
 */
export async function ensurePayload(options: PayloadOptions): Promise<Payload> {
  try {
    return await ensure(options);
  } catch (error) {
    if (error instanceof ErthError || options.signal?.aborted) throw error;
    throw new ErthError("PAYLOAD_DISK", `${options.cacheDir}: ${error}`, { cause: error });
  }
}

async function ensure(options: PayloadOptions): Promise<Payload> {
  const { cacheDir, name } = options;
  const [manifest, key] = await readManifest(options);
  const folder = join(cacheDir, `${name}-${key}`);
  await Deno.mkdir(cacheDir, { recursive: true, mode: 0o700 });
  const use = await lockFile(`${folder}.use`, false);
  try {
    const unpacked = !await verify(manifest, folder) && await renew(options, manifest, folder);
    // What can't be deleted now is met again at the next start.
    const swept = sweep(cacheDir, name, key).catch(() => {});
    return { folder, unpacked, swept, release: () => use.close() };
  } catch (error) {
    use.close();
    throw error;
  }
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
  if (await verify(manifest, folder)) return false;
  // Under the lock nobody else unpacks: what lies there was left by a kill.
  await removeAll(options.cacheDir, (entry) => entry.startsWith(`${options.name}.tmp-`));
  const temp = join(options.cacheDir, `${options.name}.tmp-${crypto.randomUUID()}`);
  await Deno.mkdir(temp, { mode: 0o700 });
  try {
    const { archive = { path: member(options.source, `${options.name}.bin`), offset: 0 } } =
      options;
    await unpack(manifest, archive, temp, options);
    await moveAside(folder, `${temp}.old`);
    await Deno.rename(temp, folder);
  } finally {
    await Deno.remove(temp, { recursive: true }).catch(() => {});
    await Deno.remove(`${temp}.old`, { recursive: true }).catch(() => {});
  }
  return true;
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
    let timer = 0;
    // There is no try-lock: a lock that is free is had at once, so a short wait tells.
    const locked = file.lock(true);
    const free = await Promise.race([
      locked.then(() => true),
      new Promise<false>((resolve) => timer = setTimeout(resolve, SWEEP_WAIT_MS, false)),
    ]);
    clearTimeout(timer);
    if (free) {
      await Deno.remove(folder, { recursive: true }).catch(() => {});
      await Deno.remove(`${folder}.use`).catch(() => {});
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
