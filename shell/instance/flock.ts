/**
 * A lock on a file that is had at once or not at all, and that the system lets go of when the
 * process ends, however it ends. `Deno.FsFile.lock` can only wait. Besides shell/window/ the only
 * module with a native call; the library is loaded when the first lock is asked for, in under 1 ms.
 */

/** A lock that is held. */
export interface FileLock {
  release(): Promise<void>;
}

// open(2), flock(2), the Windows SDK's fileapi.h.
const O_RDWR = 2, LOCK_EX = 2, LOCK_NB = 4;
const O_CLOEXEC = Deno.build.os === "darwin" ? 0x1000000 : 0o2000000;
const GENERIC_READ_WRITE = 0xc0000000, OPEN_EXISTING = 3, FILE_ATTRIBUTE_NORMAL = 0x80;
const INVALID_HANDLE = 0xffffffffffffffffn;

/**
 * Locks a file that is there.
 *
 * @returns `undefined` if another process, or another call of this, has it locked; also if its file
 * system knows no locks.
 * @throws {Deno.errors.PermissionDenied} If it can't be opened for writing.
 */
export function tryLock(path: string): Promise<FileLock | undefined> {
  return Deno.build.os === "windows" ? openAlone(path) : flock(path);
}

/** Bytes that another thread reads: nothing else keeps them until its call has ended. */
const inCalls = new Set<Uint8Array<ArrayBuffer>>();

function held(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  inCalls.add(bytes);
  return bytes;
}

// Not blocking: the wait would be none, but each blocking symbol costs a compiled bridge, 0.5 ms.
const UNIX = {
  open: { parameters: ["buffer", "i32"], result: "i32", nonblocking: true },
  flock: { parameters: ["i32", "i32"], result: "i32", nonblocking: true },
  close: { parameters: ["i32"], result: "i32", nonblocking: true },
} as const satisfies Deno.ForeignLibraryInterface;

async function flock(path: string): Promise<FileLock | undefined> {
  const library = Deno.build.os === "darwin" ? "libSystem.B.dylib" : "libc.so.6";
  // Closed by whoever releases the lock, else by the end of the process.
  const loaded = Deno.dlopen(library, UNIX);
  const { symbols } = loaded;
  const name = held(new TextEncoder().encode(`${path}\0`));
  const file = await symbols.open(name, O_RDWR | O_CLOEXEC);
  inCalls.delete(name);
  if (file < 0) {
    loaded.close();
    throw new Deno.errors.PermissionDenied(`Cannot open ${path}`);
  }
  const release = async () => {
    await symbols.close(file);
    loaded.close();
  };
  if (await symbols.flock(file, LOCK_EX | LOCK_NB) === 0) return { release };
  // Held, most likely. Why else is in `errno`, which the runtime's own calls may have changed.
  await release();
  return undefined;
}

const WINDOWS = {
  CreateFileW: {
    parameters: ["buffer", "u32", "u32", "pointer", "u32", "u32", "pointer"],
    result: "u64",
    nonblocking: true,
  },
  CloseHandle: { parameters: ["u64"], result: "i32", nonblocking: true },
} as const satisfies Deno.ForeignLibraryInterface;

/** Windows: a file that is shared with nobody is a lock. */
async function openAlone(path: string): Promise<FileLock | undefined> {
  const loaded = Deno.dlopen("kernel32.dll", WINDOWS);
  const { symbols } = loaded;
  const wide = Uint16Array.from(`${path}\0`, (letter) => letter.charCodeAt(0));
  const name = held(new Uint8Array(wide.buffer));
  const handle = await symbols.CreateFileW(
    name,
    GENERIC_READ_WRITE,
    0,
    null,
    OPEN_EXISTING,
    FILE_ATTRIBUTE_NORMAL,
    null,
  );
  inCalls.delete(name);
  const isHeld = BigInt(handle) === INVALID_HANDLE;
  const release = async () => {
    if (!isHeld) await symbols.CloseHandle(handle);
    loaded.close();
  };
  if (!isHeld) return { release };
  await release();
  return undefined;
}
