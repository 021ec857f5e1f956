import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../steps/command.ts";
import { type Member, membersOf } from "./pack.ts";
import { PYTHON } from "../fetch/python.ts";

/** By platform: the package with libSQL's native part, and the file of libwebview. */
const PARTS: Partial<Record<string, { libsql: string; webview: string }>> = {
  "linux-x86_64": { libsql: "linux-x64-gnu", webview: "libwebview-x64.so" },
  "linux-aarch64": { libsql: "linux-arm64-gnu", webview: "libwebview-arm64.so" },
  "darwin-x86_64": { libsql: "darwin-x64", webview: "libwebview.dylib" },
  "darwin-aarch64": { libsql: "darwin-arm64", webview: "libwebview.dylib" },
  "windows-x86_64": { libsql: "win32-x64-msvc", webview: "libwebview.dll" },
};

/** Prints the package's folder without loading its 100 MB. */
const FIND_LLAMA = "from importlib.util import find_spec as find;" +
  "print(find('xllamacpp').submodule_search_locations[0])";
const COMPILERS = /^lib(gomp|stdc\+\+|gcc_s)\.so/;

/** The database engine: unpacked before anything else can be read. */
export async function storeMembers(work: string): Promise<Member[]> {
  const addon = join(work, "libsql.node");
  await Deno.mkdir(work, { recursive: true });
  await Deno.copyFile(join(await besideLibsql(parts().libsql), "index.node"), addon);
  if (Deno.build.os === "linux") await run(["strip", addon]);
  return [{ path: "libsql.node", source: addon }];
}

/**
 * llama.cpp with its Python part, as the sidecar's program takes it up when a model is loaded, and
 * the compiler's libraries that a small system may lack.
 */
export async function llamaMembers(work: string): Promise<Member[]> {
  const package_ = (await run([PYTHON, "-c", FIND_LLAMA])).trim();
  await Deno.mkdir(work, { recursive: true });
  const members = (await membersOf(package_)).filter(({ path }) =>
    /\.(py|so|pyd|dylib)$/.test(path)
  );
  const linux = Deno.build.os === "linux";
  const packed = members.map(async ({ path, source }) => {
    const member = { path: `xllamacpp/${path}`, source };
    if (!linux || !path.endsWith(".so")) return member;
    const stripped = join(work, path);
    await run(["strip", "-o", stripped, source]);
    return { ...member, source: stripped };
  });
  const beside = linux ? await librariesOf(join(package_, "xllamacpp.abi3.so")) : [];
  return [...await Promise.all(packed), ...beside];
}

/** Those of the compiler, where this system has them. */
async function librariesOf(library: string): Promise<Member[]> {
  const found = (await run(["ldd", library])).matchAll(/^\s*(\S+) => (\S+)/gm);
  return [...found].map(([, path = "", source = ""]) => ({ path, source }))
    .filter(({ path }) => COMPILERS.test(path));
}

/** The portable window library. */
export function windowMembers(): Member[] {
  const source = fileURLToPath(import.meta.resolve(`webview-bun/build/${parts().webview}`));
  return [{ path: `libwebview${extname(source)}`, source }];
}

function parts(): { libsql: string; webview: string } {
  const platform = `${Deno.build.os}-${Deno.build.arch}`;
  const found = PARTS[platform];
  if (found === undefined) {
    throw new Error(`Cannot build as no libraries are known for ${platform}`);
  }
  return found;
}

/** The folder of `@libsql/PLATFORM` in the version that `libsql` itself asks for. */
async function besideLibsql(platform: string): Promise<string> {
  const folder = dirname(fileURLToPath(import.meta.resolve("libsql")));
  const own: { optionalDependencies: Record<string, string> } = JSON.parse(
    await Deno.readTextFile(join(folder, "package.json")),
  );
  const version = own.optionalDependencies[`@libsql/${platform}`];
  return join(folder, "..", "..", "@libsql", platform, version!);
}
