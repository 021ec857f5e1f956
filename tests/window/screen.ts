import { poll } from "../harness.ts";

/** A screen of its own: Xvfb, a session bus and a window manager, ended by process, never by name. */
export class Screen implements AsyncDisposable {
  /** X11's name for it. */
  readonly display: string;
  /** What a program needs to open a window here. */
  readonly env: Record<string, string>;
  readonly #processes: Deno.ChildProcess[];

  private constructor(env: Record<string, string>, processes: Deno.ChildProcess[]) {
    this.display = env.DISPLAY ?? "";
    this.env = env;
    this.#processes = processes;
  }

  /** Starts all three and waits until the window manager manages. */
  static async open(): Promise<Screen> {
    const size = ["-screen", "0", "1280x900x24", "-noreset"];
    const server = spawn(["Xvfb", "-displayfd", "1", ...size]);
    const DISPLAY = `:${await firstLine(server)}`;
    const bus = spawn(["dbus-daemon", "--session", "--nofork", "--print-address=1"]);
    const env = { DISPLAY, DBUS_SESSION_BUS_ADDRESS: await firstLine(bus), WAYLAND_DISPLAY: "" };
    const manager = spawn(["openbox"], env);
    const screen = new Screen(env, [manager, bus, server]);
    await poll(async () => (await screen.tool("wmctrl", "-m"))?.includes("Openbox"));
    return screen;
  }

  /** What a tool on this screen prints; undefined if it fails. */
  async tool(command: string, ...args: string[]): Promise<string | undefined> {
    const { success, stdout } = await new Deno.Command(command, {
      args,
      env: this.env,
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  }

  /** The id of the visible window with this title, once it is there. */
  async window(title: string): Promise<string> {
    return await poll(async () => {
      const found = await this.tool("xdotool", "search", "--onlyvisible", "--name", `^${title}$`);
      return found?.split("\n").at(-1) || undefined;
    });
  }

  /** Gives a window the keyboard. */
  async focus(window: string): Promise<void> {
    await this.tool("xdotool", "windowactivate", "--sync", window);
  }

  /** Presses keys, one after another: `ctrl+n`, `Tab`. */
  async press(...keys: string[]): Promise<void> {
    for (const key of keys) await this.tool("xdotool", "key", key);
  }

  /** Types as a person does. */
  async type(text: string): Promise<void> {
    await this.tool("xdotool", "type", "--delay", "15", text);
  }

  /** Clicks the middle of a window. */
  async click(window: string): Promise<void> {
    await this.tool("xdotool", "mousemove", "--window", window, "300", "300", "click", "1");
  }

  /** How many different colours a window shows: a blank one has one. */
  async colours(window: string): Promise<number> {
    const count = `import -silent -window ${window} png:- | identify -format %k -`;
    return Number(await this.tool("sh", "-c", count));
  }

  /** The colour at a point of a window, as `#rrggbb`. */
  async color(window: string, x: number, y: number): Promise<string | undefined> {
    const point = ["-depth", "8", "-crop", `1x1+${x}+${y}`, "txt:-"];
    const text = await this.tool("import", "-silent", "-window", window, ...point);
    return /#[0-9A-F]{6}/.exec(text ?? "")?.[0].toLowerCase();
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
