import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { run } from "../../tools/steps/command.ts";
import { PYTHON } from "../../tools/fetch/python.ts";
import { ROOT, step } from "../../tools/steps/steps.ts";
import { BINARY, Erth } from "../../tests/harness.ts";
import { drafts } from "./notes.ts";
import type { Program } from "./start.ts";

/** Where benches keep what they make. */
export const WORK = join(ROOT, "build", "bench");

const NOTES = 20;

/** Erth's window on a data folder with notes in it, unpacked and started before. */
export async function erthWindow(env: Record<string, string>): Promise<Program> {
  const data = join(WORK, "window");
  await Deno.mkdir(data, { recursive: true });
  await using erth = await Erth.start({ data });
  await addNotes(erth, NOTES);
  return { name: "Erth", command: [BINARY, "--data", data], env, fragment: true };
}

/** Makes up for the notes that are missing to `count`. */
export async function addNotes(erth: Erth, count: number): Promise<string[]> {
  const list = async () => (await erth.json<{ notes: { id: string }[] }>("notes")).notes;
  for (const { tags, ...note } of drafts(count).slice((await list()).length)) {
    await erth.json("notes", { ...note, tags: tags.join() });
  }
  return (await list()).map(({ id }) => id);
}

/** The C program with the same WebView and the same page files, built if need be. */
export async function floorWindow(env: Record<string, string>): Promise<Program> {
  const floor = join(WORK, "floor");
  await step({
    name: "floor",
    inputs: ["bench/floor.c"],
    outputs: ["build/bench/floor"],
    run: async () => {
      await Deno.mkdir(WORK, { recursive: true });
      const flags = await run(["pkg-config", "--cflags", "--libs", "gtk+-3.0", "webkit2gtk-4.1"]);
      const source = join(ROOT, "bench", "floor.c");
      await run(["cc", "-O2", source, "-o", floor, ...flags.trim().split(/\s+/)]);
    },
  });
  const page = join(WORK, "page");
  await copyPage(page, `${pathToFileURL(page)}/`);
  const command = [floor, String(pathToFileURL(join(page, "index.html")))];
  return { name: "C program", command, env, fragment: false };
}

/** pywebview and Robyn with the same page files, frozen if need be. */
export async function peerWindow(env: Record<string, string>): Promise<Program> {
  const venv = join(WORK, "peer-venv");
  const page = join(WORK, "peer-page");
  await copyPage(page, "/");
  const site = ["build/embed/site"];
  const environment = await step({
    name: "peer's virtual environment",
    inputs: ["bench/peer/requirements.txt"],
    outputs: ["build/bench/peer-venv/bin/pyinstaller"],
    run: async () => {
      await run([PYTHON, "-m", "venv", "--clear", venv]);
      const lock = join(ROOT, "bench", "peer", "requirements.txt");
      await run([join(venv, "bin", "pip"), "install", "-q", "--require-hashes", "-r", lock]);
    },
  });
  await step({
    name: "peer",
    inputs: ["bench/peer/app.py", ...site],
    also: environment,
    outputs: ["build/bench/peer/peer"],
    run: async () => {
      const freeze = [
        join(venv, "bin", "pyinstaller"),
        "--noconfirm",
        "--onedir",
        "--name",
        "peer",
      ];
      const places = ["--distpath", WORK, "--workpath", join(WORK, "freeze"), "--specpath", WORK];
      const data = ["--collect-data", "robyn", "--add-data", `${page}:page`, "--log-level", "WARN"];
      const source = join(ROOT, "bench", "peer", "app.py");
      await run([...freeze, ...places, ...data, source]);
    },
  });
  const command = [join(WORK, "peer", "peer")];
  return { name: "pywebview + Robyn", command, env, fragment: false };
}

/** Erth's static page, its links relative to `base`, without anybody behind them. */
async function copyPage(folder: string, base: string): Promise<void> {
  const site = join(ROOT, "build", "embed", "site");
  await Deno.mkdir(join(folder, "assets"), { recursive: true });
  const page = await Deno.readTextFile(join(site, "index.html"));
  const filled = page.replaceAll("{{base}}", base).replaceAll("{{route}}", "notes")
    .replaceAll("{{measured}}", "false");
  await Deno.writeTextFile(join(folder, "index.html"), filled);
  for await (const { name } of Deno.readDir(join(site, "assets"))) {
    await Deno.copyFile(join(site, "assets", name), join(folder, "assets", name));
  }
}
