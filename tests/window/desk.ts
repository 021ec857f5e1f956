import { join } from "node:path";
import { BINARY, erth, poll } from "../harness.ts";
import { Screen } from "./screen.ts";

interface Running {
  url: string;
  token: string;
  pid: number;
}

/** The app in a window on a screen of its own. */
export class Desk implements AsyncDisposable {
  readonly screen: Screen;
  readonly data: string;
  readonly child: Deno.ChildProcess;
  readonly #folder: string;

  private constructor(screen: Screen, folder: string, data: string, child: Deno.ChildProcess) {
    this.screen = screen;
    this.#folder = folder;
    this.data = data;
    this.child = child;
  }

  /** Opens a screen and the app on it. */
  static async open(args: string[] = [], binary = BINARY): Promise<Desk> {
    const screen = await Screen.open();
    const folder = await Deno.makeTempDir();
    const data = join(folder, "data");
    const child = new Deno.Command(binary, {
      args: [...args, "--data", data],
      env: screen.env,
      stdin: "null",
    }).spawn();
    return new Desk(screen, folder, data, child);
  }

  /** Starts it once more, beside what runs. */
  again(): Deno.ChildProcess {
    const { env } = this.screen;
    return new Deno.Command(BINARY, { args: ["--data", this.data], env, stdin: "null" }).spawn();
  }

  /** How scripts reach it. */
  running(): Promise<Running> {
    return poll(async () => JSON.parse(await Deno.readTextFile(join(this.data, "instance.json"))));
  }

  /** What `erth note …` and its like say, as JSON. */
  async ask<T>(...args: string[]): Promise<T> {
    const { stdout } = await erth([...args, "--json", "--data", this.data]);
    return JSON.parse(stdout);
  }

  /** The titles of all notes. */
  async titles(): Promise<string[]> {
    const { notes } = await this.ask<{ notes: { title: string }[] }>("note", "list");
    return notes.map(({ title }) => title);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.child.status;
    await this.screen[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** The process id of the app's sidecar, once it answers. */
export async function sidecarOf(desk: Desk): Promise<number> {
  return await poll(async () => {
    const report = await desk.ask<{ sidecar: { pid?: number } }>("status");
    return report.sidecar.pid;
  });
}
