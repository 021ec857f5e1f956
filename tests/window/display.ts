import { poll } from "../harness.ts";

/** A screen of its own: Xvfb, a window manager and a session bus. */
export class Display implements AsyncDisposable {
  /** What a program needs to open a window here. */
  readonly env: Record<string, string>;
  readonly #processes: Deno.ChildProcess[];

  private constructor(env: Record<string, string>, processes: Deno.ChildProcess[]) {
    this.env = env;
    this.#processes = processes;
  }

  /** Starts all three and waits until the window manager manages. */
  static async start(): Promise<Display> {
    const screen = spawn(["Xvfb", "-displayfd", "1", "-screen", "0", "1280x800x24"]);
    const DISPLAY = `:${await firstLine(screen)}`;
    const bus = spawn(["dbus-daemon", "--session", "--nofork", "--print-address=1"]);
    const env = { DISPLAY, DBUS_SESSION_BUS_ADDRESS: await firstLine(bus), WAYLAND_DISPLAY: "" };
    const manager = spawn(["openbox"], env);
    const display = new Display(env, [manager, bus, screen]);
    await poll(async () => (await display.run("wmctrl", "-m")).includes("Openbox"));
    return display;
  }

  /** Runs a tool on this screen; its output. Empty if it fails. */
  async run(command: string, ...args: string[]): Promise<string> {
    const { success, stdout } = await new Deno.Command(command, {
      args,
      env: this.env,
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : "";
  }

  /** The id of the visible window with this title, once it is there. */
  window(title: string): Promise<string> {
    return poll(async () => {
      const ids = await this.run("xdotool", "search", "--onlyvisible", "--name", `^${title}$`);
      return ids.split("\n").at(-1) || undefined;
    });
  }

  /** Gives the window the keyboard. */
  async focus(id: string): Promise<void> {
    await this.run("xdotool", "windowactivate", "--sync", id);
  }

  /** Presses keys, one after another: `ctrl+n`, `Tab`. */
  async press(...keys: string[]): Promise<void> {
    for (const key of keys) await this.run("xdotool", "key", key);
  }

  /** Types as a person does. */
  async type(text: string): Promise<void> {
    await this.run("xdotool", "type", "--delay", "15", text);
  }

  /** How many different colours the window shows, by ImageMagick. */
  async colours(id: string): Promise<number> {
    return Number(await this.run("sh", "-c", `import -window ${id} png:- | identify -format %k -`));
  }

  /** The colour of one pixel of the window, `#RRGGBB`. */
  async pixel(id: string, x: number, y: number): Promise<string> {
    const text = await this.run(
      "sh",
      "-c",
      `import -window ${id} -crop 1x1+${x}+${y} -depth 8 txt:-`,
    );
    return /#[0-9A-F]{6}/.exec(text)?.[0] ?? "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#processes) {
      process.kill("SIGTERM");
      await process.status;
      await process.stdout.cancel();
    }
  }
}

function spawn([command = "", ...args]: string[], env?: Record<string, string>) {
  return new Deno.Command(command, { args, env, stdin: "null", stdout: "piped", stderr: "null" })
    .spawn();
}

async function firstLine(process: Deno.ChildProcess): Promise<string> {
  const reader = process.stdout.getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (!text.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`Cannot start: it ended after saying '${text}'`);
    text += decoder.decode(value, { stream: true });
  }
  reader.releaseLock();
  return text.trim();
}
