import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { Erth, erth as command, poll } from "../harness.ts";
import { childrenOf } from "./support.ts";

interface Outcome {
  id?: string;
  path: string;
  state: string;
  code: string | null;
}

/** Runs `library` on a data folder; exit code, what it printed, and that as JSON. */
async function library(data: string, ...words: string[]) {
  const { code, stdout, stderr } = await command(["library", ...words, "--data", data]);
  const json = words.includes("--json") ? JSON.parse(stdout) : undefined;
  return { code, out: stdout.trim(), err: stderr.trim(), json };
}

async function inFolder(run: (folder: string, data: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  await run(folder, join(folder, "data"));
  await Deno.remove(folder, { recursive: true });
}

Deno.test("a file is added without a running instance", () =>
  inFolder(async (folder, data) => {
    const path = join(folder, "lease.txt");
    await Deno.writeTextFile(path, "The rent is due on the first.");
    const { code, out, err } = await library(data, "add", path);
    assertEquals([code, err], [0, ""]);
    assert(/^Ready: [0-9a-f-]{36} {2}.*lease\.txt$/.test(out), out);
  }));

Deno.test("files are added, listed and removed with a running instance", () =>
  inFolder(async (folder, data) => {
    await using _erth = await Erth.start({ data });
    const lease = join(folder, "lease.txt");
    const broken = join(folder, "broken.pdf");
    await Deno.writeTextFile(lease, "The rent is due on the first.");
    await Deno.writeTextFile(broken, "%PDF-1.7 and nothing more");
    const added = await library(data, "add", lease, broken, folder, "--json");
    const outcomes: Outcome[] = added.json.files;
    assertEquals(outcomes.map(({ path, state, code }) => [path, state, code]), [
      [lease, "ready", null],
      [broken, "failed", "FILE_DAMAGED"],
      [folder, "refused", "FILE_UNSUPPORTED"],
    ]);
    assertEquals(added.code, 2);

    const again = await library(data, "add", lease);
    assertEquals([again.code, again.err], [0, ""]);
    assert(again.out.startsWith(`Ready: ${outcomes[0]!.id}`), again.out);
    const missing = await library(data, "add", join(folder, "nothing.txt"));
    assertEquals([missing.code, missing.out], [3, ""]);
    assert(missing.err.includes("There is no file 'nothing.txt'. [FILE_NOT_FOUND]"), missing.err);

    assertEquals((await library(data, "list", "--json")).json.total, 2);
    assertEquals((await library(data, "list", "lease")).out.split("\n").length, 1);
    assertEquals((await library(data, "remove", outcomes[0]!.id!)).out, "Deleted.");
    assertEquals((await library(data, "remove", outcomes[0]!.id!)).code, 3);
    assertEquals((await library(data, "list", "--json")).json.total, 1);
    assertEquals((await library(data, "add")).code, 2);
    assertEquals((await library(data, "eat")).code, 2);
  }));

Deno.test("a reading under way survives the end of the sidecar, and its parser doesn't", () =>
  inFolder(async (folder) => {
    await using erth = await Erth.start({ data: join(folder, "data") });
    // Comments without end: reading them takes long, and then gives what stands before them.
    const path = join(folder, "slow.html");
    await Deno.writeTextFile(path, `<p>Words</p>${" ".repeat(70_000)}${"<!--".repeat(400_000)}`);
    const { id } = await erth.json<{ id: string }>("library", { path });
    const file = () => erth.json<Outcome & { text: string }>(`library/${id}`);
    const sidecar = await erth.sidecar();
    const parser = await poll(() => childrenOf(sidecar)[0]);
    assertEquals((await file()).state, "reading");
    // Everything else goes on meanwhile.
    await erth.json("notes", { title: "Written meanwhile" });

    Deno.kill(sidecar, "SIGKILL");
    const next = await erth.sidecar(sidecar);
    await poll(() => !isRunning(parser));
    const another = await poll(() => childrenOf(next)[0]);
    assert(another !== parser);
    // One that takes its parser down is tried once more, and no more.
    Deno.kill(another, "SIGKILL");
    const last = await poll(() => childrenOf(next).find((pid) => pid !== another));
    Deno.kill(last, "SIGKILL");
    const { state, code } = await poll(async () => {
      const now = await file();
      return /ready|failed/.test(now.state) && now;
    });
    assert(state === "failed" || state === "ready");
    assertEquals(code, "FILE_DAMAGED");
    assertEquals((await erth.report()).sidecar.generation, 2);
  }));

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}
