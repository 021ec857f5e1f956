import { run } from "../steps/command.ts";
import { PYTHON } from "../fetch/python.ts";
import type { Target } from "./target.ts";

/** What `erth --version` says of itself. */
export interface BuildInfo {
  version: string;
  /** By name of the part, the layers from the outside in. */
  versions: Record<string, string>;
}

/**
 * Asks each part for its version.
 *
 * @param python Whether the frozen Python sidecar is one of them.
 */
export async function buildInfo({ app, own }: Target, python: boolean): Promise<BuildInfo> {
  const config: { version: string; imports: Record<string, string> } = JSON.parse(
    await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
  );
  const pins = Object.values(config.imports).join(" ");
  const npm = (name: string) => pins.match(`npm:/?${name}@([^ /]+)`)?.[1] ?? "unknown";
  const commit = await run(["git", "rev-parse", "--short=12", "HEAD"]).catch(() => "");
  return {
    version: app.version ?? config.version,
    versions: {
      ...(own ? {} : { erth: config.version }),
      ...(commit === "" ? {} : { commit: commit.trim() }),
      deno: Deno.version.deno,
      v8: Deno.version.v8,
      "libsql (shell)": npm("libsql"),
      ...(python ? await pythonVersions() : {}),
      ...(own ? await readerVersions() : {}),
      htmx: npm("htmx.org"),
      webview: `${npm("webview-bun")} (webview-bun)`,
      platform: Deno.build.target,
    },
  };
}

async function pythonVersions(): Promise<Record<string, string>> {
  const packages = await pythonPackages();
  const python = await run([PYTHON, "-c", "import platform; print(platform.python_version())"]);
  return {
    "libsql (sidecar)": packages["libsql"]!,
    python: python.trim(),
    robyn: packages["robyn"]!,
    jinja2: packages["jinja2"]!,
    pyinstaller: packages["pyinstaller"]!,
  };
}

/** What only Erth itself has inside: it runs models, reads PDF and shows Markdown. */
async function readerVersions(): Promise<Record<string, string>> {
  const packages = await pythonPackages();
  const program = "import pypdfium2.version as it; print(it.PDFIUM_INFO.version.split('@')[0])";
  const pdfium = await run([PYTHON, "-c", program]);
  return {
    "llama.cpp": `${packages["xllamacpp"]!} (xllamacpp)`,
    pdfium: `${pdfium.trim()} (pypdfium2 ${packages["pypdfium2"]!})`,
    "markdown-it": `${packages["markdown-it-py"]!} (markdown-it-py)`,
  };
}

/** Versions of the virtual environment by lower-case name. */
async function pythonPackages(): Promise<Record<string, string>> {
  const list: { name: string; version: string }[] = JSON.parse(
    await run([PYTHON, "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"]),
  );
  return Object.fromEntries(list.map(({ name, version }) => [name.toLowerCase(), version]));
}
