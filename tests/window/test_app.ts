import { fileURLToPath } from "node:url";
import { TextLineStream } from "@std/streams/text-line-stream";
import { poll } from "../harness.ts";
import type { Screen } from "./screen.ts";

type Event = Record<string, string | boolean>;

/** The test app (`test_app_main.ts`) running on a screen. */
export class App implements AsyncDisposable {
  readonly events: Event[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #orders: WritableStreamDefaultWriter<Uint8Array>;
  readonly #read: Promise<void>;

  constructor(
    screen: Pick<Screen, "display"> | undefined,
    options: Record<string, unknown> = {},
    env: Record<string, string> = {},
  ) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--allow-all",
        "--no-check",
        fileURLToPath(new URL("./test_app_main.ts", import.meta.url)),
        JSON.stringify(options),
      ],
      env: { DISPLAY: screen?.display ?? "", WAYLAND_DISPLAY: "", ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#orders = this.#child.stdin.getWriter();
    this.#read = this.#readEvents();
  }

  get pid(): number {
    return this.#child.pid;
  }

  async order(line: string): Promise<void> {
    await this.#orders.write(new TextEncoder().encode(`${line}\n`));
  }

  /** The first event, from the `from`th on, that has this key and, if given, this value. */
  async event(key: string, value?: string | boolean, from = 0): Promise<Event> {
    const fits = (event: Event) => key in event && (value === undefined || event[key] === value);
    return await poll(() => {
      return this.events.slice(from).find(fits);
    });
  }

  /** Exit code, once it has ended. */
  async ended(): Promise<number> {
    const { code } = await this.#child.status;
    await this.#read;
    return code;
  }

  async #readEvents(): Promise<void> {
    const lines = this.#child.stdout
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    for await (const line of lines) this.events.push(JSON.parse(String(line)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.#child.status;
    await this.#read;
    await this.#orders.close().catch(() => {});
  }
}
