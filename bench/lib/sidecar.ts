import { join } from "node:path";
import { TextLineStream } from "@std/streams/text-line-stream";
import { mintToken } from "../../shell/process/token.ts";
import { ROOT } from "../../tools/steps/steps.ts";

/** The frozen sidecar without a shell: greeted by the bench, asked directly. */
export class BareSidecar implements AsyncDisposable {
  readonly port: number;
  readonly token: string;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;

  private constructor(port: number, token: string, child: Deno.ChildProcess) {
    this.port = port;
    this.token = token;
    this.#child = child;
    this.#input = child.stdin.getWriter();
  }

  /** Starts it on a migrated database that nobody else writes. */
  static async start(database: string): Promise<BareSidecar> {
    const token = mintToken().text;
    const program = join(ROOT, "build", "sidecar", "erth-sidecar", "erth-sidecar");
    const child = new Deno.Command(program, { stdin: "piped", stdout: "piped", stderr: "null" })
      .spawn();
    const greeting = {
      token,
      origin: "http://127.0.0.1:1",
      database,
      dataDir: join(database, ".."),
    };
    const input = child.stdin.getWriter();
    await input.write(new TextEncoder().encode(JSON.stringify(greeting) + "\n"));
    input.releaseLock();
    const lines = child.stdout.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream()).getReader();
    const { value } = await lines.read();
    void lines.read().catch(() => {});
    return new BareSidecar(JSON.parse(String(value ?? "{}")).port, token, child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close();
    await this.#child.status;
  }
}
