/** A screen of its own for tests: Xvfb with openbox, ended by process, never by name. */
export class Screen implements AsyncDisposable {
  readonly display: string;
  readonly #server: Deno.ChildProcess;
  readonly #manager: Deno.ChildProcess;

  private constructor(display: string, server: Deno.ChildProcess, manager: Deno.ChildProcess) {
    this.display = display;
    this.#server = server;
    this.#manager = manager;
  }

  static async open(): Promise<Screen> {
    const server = new Deno.Command("Xvfb", {
      args: ["-displayfd", "1", "-screen", "0", "1280x900x24", "-noreset"],
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reader = server.stdout.getReader();
    let number = "";
    while (!number.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) throw new Error("Xvfb ended before it had a display");
      number += new TextDecoder().decode(value);
    }
    await reader.cancel();
    const display = `:${number.trim()}`;
    const manager = new Deno.Command("openbox", {
      env: { DISPLAY: display },
      stdout: "null",
      stderr: "null",
    }).spawn();
    return new Screen(display, server, manager);
  }

  /** What a tool on this screen prints; undefined if it fails. */
  async tool(command: string, ...args: string[]): Promise<string | undefined> {
    const { success, stdout } = await new Deno.Command(command, {
      args,
      env: { DISPLAY: this.display },
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout) : undefined;
  }

  /** The id of the visible window with this title, once it is there. */
  async window(title: string): Promise<string> {
    return await until(`a window '${title}'`, async () => {
      const found = await this.tool("xdotool", "search", "--onlyvisible", "--name", `^${title}$`);
      return found?.trim().split("\n")[0];
    });
  }

  /** The colour at a point of a window, as `#rrggbb`. */
  async color(window: string, x: number, y: number): Promise<string | undefined> {
    const crop = `1x1+${x}+${y}`;
    const text = await this.tool(
      "import",
      "-silent",
      "-window",
      window,
      "-depth",
      "8",
      "-crop",
      crop,
      "txt:-",
    );
    return /#[0-9A-F]{6}/.exec(text ?? "")?.[0].toLowerCase();
  }

  /** Clicks the middle of a window. */
  async click(window: string): Promise<void> {
    await this.tool("xdotool", "mousemove", "--window", window, "300", "300", "click", "1");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of [this.#manager, this.#server]) {
      child.kill("SIGTERM");
      await child.status;
    }
  }
}

/** Asks until there is an answer; throws after 20 seconds. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const end = performance.now() + 20_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > end) throw new Error(`Waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
