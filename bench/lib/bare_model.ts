import { TextLineStream } from "@std/streams/text-line-stream";
import { run } from "../../tools/steps/command.ts";
import { PYTHON } from "../../tools/fetch/python.ts";

const SLOTS = 2;
const KEY = "bench";

/** What to load. */
export interface BareModelOptions {
  /** Where the file is written to. */
  path: string;
  /** Tokens of each conversation. */
  context: number;
  /** How many wide layers the file gets. */
  layers: number;
  threads: number;
}

/** A model process without shell and sidecar around it. */
export class BareModel implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #client: Deno.HttpClient;
  readonly #port: number;

  private constructor(
    child: Deno.ChildProcess,
    input: WritableStreamDefaultWriter<Uint8Array>,
    port: number,
  ) {
    this.#child = child;
    this.#input = input;
    this.#port = port;
    // The shell's own client writes whole addresses, which llama.cpp's server doesn't know.
    this.#client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  }

  /** Writes the file and loads it. */
  static async start({ path, context, layers, threads }: BareModelOptions): Promise<BareModel> {
    const writer = [PYTHON, "tests/fixtures/tiny_gguf.py", path];
    await run([...writer, "--layers", `${layers}`, "--context", `${context}`]);
    const child = new Deno.Command(PYTHON, {
      args: ["-m", "erth_sidecar", "model"],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const input = child.stdin.getWriter();
    const order = { path, context, slots: SLOTS, threads, key: KEY };
    await input.write(new TextEncoder().encode(`${JSON.stringify(order)}\n`));
    const lines = child.stdout
      .pipeThrough(new TextDecoderStream())
      .pipeThrough<string>(new TextLineStream());
    for await (const line of lines) {
      const { ready, port, message } = JSON.parse(line);
      if (ready) return new BareModel(child, input, port);
      if (message) throw new Error(`Cannot load ${path}: ${message}`);
    }
    throw new Error(`Cannot load ${path}: the process ended`);
  }

  /** Asks once; milliseconds to the first words, and tokens a second from there to the last. */
  async ask(messages: unknown[], tokens: number): Promise<{ first: number; rate: number }> {
    const begin = performance.now();
    const answer = await fetch(`http://127.0.0.1:${this.#port}/model/v1/chat/completions`, {
      method: "POST",
      client: this.#client,
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
      body: JSON.stringify({
        messages,
        stream: true,
        temperature: 0,
        max_tokens: tokens,
        stream_options: { include_usage: true },
      }),
    });
    if (!answer.ok) throw new Error(`Cannot measure: ${await answer.text()}`);
    let first = 0, last = 0, count = 0;
    const lines = answer.body!
      .pipeThrough(new TextDecoderStream())
      .pipeThrough<string>(new TextLineStream());
    for await (const line of lines) {
      if (!line.startsWith("data: {")) continue;
      const { choices: [choice], usage } = JSON.parse(line.slice(6));
      if (choice?.delta.content) {
        last = performance.now() - begin;
        first ||= last;
      }
      count = usage?.completion_tokens ?? count;
    }
    return { first, rate: (count - 1) / (last - first) * 1000 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.close();
    await this.#input.close();
    await this.#child.status;
  }
}
