import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./command.ts";
import type { Member } from "./pack.ts";
import { ROOT } from "./steps.ts";

/** By platform: the package with libSQL's native part, and the file of libwebview. */
const PARTS: Partial<Record<string, { libsql: string; webview: string }>> = {
  "linux-x86_64": { libsql: "linux-x64-gnu", webview: "libwebview-x64.so" },
  "linux-aarch64": { libsql: "linux-arm64-gnu", webview: "libwebview-arm64.so" },
  "darwin-x86_64": { libsql: "darwin-x64", webview: "libwebview.dylib" },
  "darwin-aarch64": { libsql: "darwin-arm64", webview: "libwebview.dylib" },
  "windows-x86_64": { libsql: "win32-x64-msvc", webview: "libwebview.dll" },
};

/** What the shell itself loads from disk: the payload that is unpacked first. */
export async function nativeMembers(work: string): Promise<Member[]> {
  const platform = `${Deno.build.os}-${Deno.build.arch}`;
  const parts = PARTS[platform];
  if (parts === undefined) {
    throw new Error(`Cannot build as no libraries are known for ${platform}`);
  }
  await Deno.mkdir(work, { recursive: true });
  const addon = join(work, "libsql.node");
  await Deno.copyFile(join(await besideLibsql(parts.libsql), "index.node"), addon);
  if (Deno.build.os === "linux") await run(["strip", addon]);
  const webview = fileURLToPath(import.meta.resolve(`webview-bun/build/${parts.webview}`));
  return [
    { path: "errors.json", source: join(ROOT, "errors.json") },
    { path: "libsql.node", source: addon },
    {
      path: webview.slice(dirname(webview).length + 1).replace(/[-.](x64|arm64)/, ""),
      source: webview,
    },
  ];
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
