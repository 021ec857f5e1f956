import { TextLineStream } from "@std/streams/text-line-stream";

/** A screen and a session bus of the bench's own, outside of every sum. */
export class Display implements AsyncDisposable {
  /** What a program needs in its environment to be shown there. */
  readonly env: Record<string, string>;
  readonly #helpers: Deno.ChildProcess[];

  private constructor(env: Record<string, string>, helpers: Deno.ChildProcess[]) {
    this.env = env;
    this.#helpers = helpers;
  }

  /** Starts Xvfb (1280 × 800, no GPU), openbox and a D-Bus session bus. */
  static async open(): Promise<Display> {
    const helpers: Deno.ChildProcess[] = [];
    const start = async (program: string, args: string[], env = {}) => {
      const helper = new Deno.Command(program, {
        args,
        env,
        stdin: "null",
        stdout: "piped",
        stderr: "null",
      }).spawn();
      helpers.push(helper);
      return await firstLine(helper.stdout);
    };
    const screen = ["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"];
    const DISPLAY = `:${await start("Xvfb", screen)}`;
    const bus = ["--session", "--nofork", "--print-address=1"];
    const DBUS_SESSION_BUS_ADDRESS = await start("dbus-daemon", bus);
    const env = { DISPLAY, DBUS_SESSION_BUS_ADDRESS, WAYLAND_DISPLAY: "", GDK_BACKEND: "x11" };
    helpers.push(
      new Deno.Command("openbox", { env, stdin: "null", stdout: "null", stderr: "null" }).spawn(),
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    return new Display(env, helpers);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const helper of this.#helpers.reverse()) {
      helper.kill("SIGTERM");
      await helper.status;
    }
  }
}

async function firstLine(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  const lines = stream.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
  const reader = lines.getReader();
  const { value } = await reader.read();
  // Nothing more is wanted, but the pipe must not fill.
  void (async () => {
    while (!(await reader.read()).done);
  })().catch(() => {});
  return String(value ?? "");
}
