/**
 * The calls of the C library that Deno has no function for. The library is loaded for each use, in
 * under 1 ms; none of them stops the thread, as each blocking symbol costs a compiled bridge.
 */
const CALLS = {
  getrlimit: { parameters: ["i32", "buffer"], result: "i32", nonblocking: true },
  setrlimit: { parameters: ["i32", "buffer"], result: "i32", nonblocking: true },
  open: { parameters: ["buffer", "i32"], result: "i32", nonblocking: true },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize", nonblocking: true },
  close: { parameters: ["i32"], result: "i32", nonblocking: true },
} as const satisfies Deno.ForeignLibraryInterface;

// Linux's bits/resource.h and fcntl.h, Apple's sys/resource.h.
const RLIMIT_NOFILE = Deno.build.os === "darwin" ? 8 : 7;
const O_CLOEXEC = 0o2000000;

/** More than any page opens; children that try each number in turn don't get slow by it. */
const ENOUGH_DESCRIPTORS = 65_536n;
/** What Apple's setrlimit(2) takes at most. */
const APPLE_DESCRIPTORS = 10_240n;
const PIECE = 64 * 1024;

type Libc = Deno.DynamicLibrary<typeof CALLS>["symbols"];

async function withLibc<T>(use: (libc: Libc) => Promise<T>): Promise<T> {
  const name = Deno.build.os === "darwin" ? "libSystem.B.dylib" : "libc.so.6";
  const library = Deno.dlopen(name, CALLS);
  try {
    return await use(library.symbols);
  } finally {
    library.close();
  }
}

/**
 * Lets this process open as many files and connections as the system allows it, 65 536 at most: the
 * limit of 1024 that a session starts with is there to be raised by programs without `select(2)`.
 *
 * @returns How many it may open now; `undefined` where there is no such limit (Windows).
 */
export async function raiseDescriptorLimit(): Promise<number | undefined> {
  return Deno.build.os === "windows" ? undefined : await withLibc(raiseLimit);
}

async function raiseLimit(libc: Libc): Promise<number | undefined> {
  // struct rlimit { rlim_t rlim_cur, rlim_max; }
  const limit = new BigUint64Array(2);
  if (await libc.getrlimit(RLIMIT_NOFILE, limit) !== 0) return undefined;
  const [soft = 0n, hard = 0n] = limit;
  const most = Deno.build.os === "darwin" ? APPLE_DESCRIPTORS : ENOUGH_DESCRIPTORS;
  const wanted = hard < most ? hard : most;
  if (soft >= wanted) return Number(soft);
  limit[0] = wanted;
  return Number(await libc.setrlimit(RLIMIT_NOFILE, limit) === 0 ? wanted : soft);
}

/**
 * The text of a file below `/proc`, which Deno gives to programs with all permissions only; empty if
 * it can't be read.
 */
export async function readProc(path: string): Promise<string> {
  return await withLibc((libc) => readAll(libc, path));
}

async function readAll(libc: Libc, path: string): Promise<string> {
  const file = await libc.open(new TextEncoder().encode(`${path}\0`), O_CLOEXEC);
  if (file < 0) return "";
  const decoder = new TextDecoder();
  const piece = new Uint8Array(PIECE);
  let text = "";
  for (;;) {
    const size = Number(await libc.read(file, piece, BigInt(PIECE)));
    if (size <= 0) break;
    text += decoder.decode(piece.subarray(0, size), { stream: true });
  }
  await libc.close(file);
  return text;
}
