import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./command.ts";
import type { Member } from "./pack.ts";

/** By platform: the package with libSQL's native part, and the file of libwebview. */
const PARTS: Partial<Record<string, { libsql: string; webview: string }>> = {
  "linux-x86_64": { libsql: "linux-x64-gnu", webview: "libwebview-x64.so" },
  "linux-aarch64": { libsql: "linux-arm64-gnu", webview: "libwebview-arm64.so" },
  "darwin-x86_64": { libsql: "darwin-x64", webview: "libwebview.dylib" },
  "darwin-aarch64": { libsql: "darwin-arm64", webview: "libwebview.dylib" },
  "windows-x86_64": { libsql: "win32-x64-msvc", webview: "libwebview.dll" },
};

/** The database engine: unpacked before anything else can be read. */
export async function storeMembers(work: string): Promise<Member[]> {
  const addon = join(work, "libsql.node");
  await Deno.mkdir(work, { recursive: true });
  await Deno.copyFile(join(await besideLibsql(parts().libsql), "index.node"), addon);
  if (Deno.build.os === "linux") await run(["strip", addon]);
  return [{ path: "libsql.node", source: addon }];
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
