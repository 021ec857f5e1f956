import { join } from "node:path";
import { run } from "../steps/command.ts";
import { builtIn, type License, mit } from "./license_texts.ts";
import { PYTHON } from "../fetch/python.ts";
import { filesUnder, ROOT } from "../steps/steps.ts";
import type { Target } from "./target.ts";

/** Packages that a part of the program is copied from without being imported by it. */
const COPIED = ["heroicons", "htmx.org", "modern-normalize", "webview-bun"];

/** Texts of licences are in files called so, or in a folder. */
const LICENSE_FILE = /(^|\/)((licen[cs]e|copying|notice)([.-][^/]*)?|licenses\/.+)$/i;

/**
 * Writes names, versions and licence texts of everything that is inside a program, as its
 * `licenses` says where.
 *
 * @param python Whether the frozen Python sidecar is inside.
 * @param beside Python packages that come along in payloads of their own.
 */
export async function writeLicenses(
  target: Target,
  { python, beside }: { python: boolean; beside: readonly string[] },
): Promise<void> {
  const own = await Deno.readTextFile(join(ROOT, "LICENSE")).catch(() => "MIT");
  const parts = [
    ...builtIn(),
    ...await npmLicenses(),
    ...python ? await pythonLicenses(join(target.work, "freeze"), beside) : [],
    ...target.own ? [] : [{ name: "Erth", version: "", text: own }],
  ];
  parts.sort((a, b) => a.name.localeCompare(b.name, "en"));
  const list = parts.map(({ name, version }) => `- ${name} ${version}`.trimEnd());
  const sections = parts.map(({ name, version, text }) =>
    `${"=".repeat(78)}\n${name} ${version}\n\n${text.trim()}\n`
  );
  const terms = target.own ? `${own.trim()}\n\n` : "";
  const head = `${target.app.title}\n\n${terms}Inside it are:\n${list.join("\n")}\n`;
  await Deno.writeTextFile(target.licenses, `${head}\n${sections.join("\n")}`);
}

interface Graph {
  modules: { npmPackage?: string; specifier: string }[];
  npmPackages: Record<string, { name: string; version: string; dependencies: string[] }>;
}

/** Everything that `main.ts` reaches, and what is copied. */
async function npmLicenses(): Promise<License[]> {
  const { modules, npmPackages }: Graph = JSON.parse(
    await run([Deno.execPath(), "info", "--json", "main.ts"]),
  );
  const wanted = new Set<string>();
  const add = (id: string) => {
    if (wanted.has(id) || npmPackages[id] === undefined) return;
    wanted.add(id);
    npmPackages[id].dependencies.forEach(add);
  };
  modules.forEach(({ npmPackage }) => npmPackage !== undefined && add(npmPackage));
  Object.keys(npmPackages).filter((id) => COPIED.includes(npmPackages[id]!.name)).forEach(add);
  const cache = join(Deno.env.get("DENO_DIR")!, "npm");
  const [registry] = [...Deno.readDirSync(cache)].filter(({ isDirectory }) => isDirectory);
  const found = await Promise.all([...wanted].map(async (id) => {
    const { name, version } = npmPackages[id]!;
    const folder = join(cache, registry!.name, name, version);
    const text = await Deno.readTextFile(join(folder, "package.json")).catch(() => "");
    // Other platforms' libraries are named as dependencies, but aren't there.
    if (text === "" || name.startsWith("@types/") || name.includes("musl")) return [];
    return [{ name, version, text: await textOf(folder, JSON.parse(text)) }];
  }));
  return found.flat();
}

async function textOf(
  folder: string,
  about: { license?: string; author?: string | { name: string } },
): Promise<string> {
  const text = await licenseFiles(folder);
  if (text !== "") return text;
  const author = typeof about.author === "string" ? about.author : about.author?.name;
  if (about.license === "MIT") return mit(author ?? "the authors");
  throw new Error(`Cannot list licences as ${folder} has no text for '${about.license}'`);
}

interface Package {
  name: string;
  version: string;
  /** With its licence in it. */
  folder: string;
}

/** The interpreter, and the packages of the lock file that the program has modules of. */
async function pythonLicenses(frozen: string, beside: readonly string[]): Promise<License[]> {
  const { packages, python }: { packages: Package[]; python: License } = JSON.parse(
    await run([PYTHON, join(ROOT, "tools", "fetch", "list_packages.py"), frozen, ...beside]),
  );
  const licenses = await Promise.all(packages.map(async ({ name, version, folder }) => {
    const text = await licenseFiles(folder);
    if (text === "") throw new Error(`Cannot list licences as ${folder} has no text`);
    return { name: `${name} (Python)`, version, text };
  }));
  return [python, ...licenses];
}

async function licenseFiles(folder: string): Promise<string> {
  const files = (await filesUnder(folder)).filter((file) =>
    LICENSE_FILE.test(file) && !file.slice(folder.length).includes("node_modules")
  );
  return (await Promise.all(files.map((file) => Deno.readTextFile(file)))).join("\n\n");
}
