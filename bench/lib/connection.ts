const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** An answer as it came over the wire. */
export interface Answer {
  status: number;
  body: Uint8Array;
}

/** One kept HTTP/1.1 connection, as plain as can be: its own cost must not show. */
export class Connection implements Disposable {
  readonly #socket: Deno.TcpConn;
  readonly #host: string;
  readonly #buffer = new Uint8Array(1 << 18);
  #filled = 0;

  private constructor(socket: Deno.TcpConn, host: string) {
    this.#socket = socket;
    this.#host = host;
  }

  static async open(port: number): Promise<Connection> {
    const socket = await Deno.connect({ hostname: "127.0.0.1", port });
    socket.setNoDelay(true);
    return new Connection(socket, `127.0.0.1:${port}`);
  }

  /**
   * Asks for one page and reads the answer to its end.
   *
   * @throws {Error} if the connection ends before, or the answer has no length.
   */
  async get(path: string, headers: Record<string, string>): Promise<Answer> {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = `GET ${path} HTTP/1.1\r\nhost: ${this.#host}\r\n${lines.join("")}\r\n`;
    await this.#socket.write(encoder.encode(head));
    this.#filled = 0;
    let end = -1;
    while (end < 0) {
      await this.#more();
      end = decoder.decode(this.#buffer.subarray(0, this.#filled)).indexOf("\r\n\r\n");
    }
    const answer = decoder.decode(this.#buffer.subarray(0, end)).toLowerCase();
    const length = Number(answer.match(/^content-length: (\d+)$/m)?.[1]);
    if (Number.isNaN(length)) throw new Error(`Cannot read an answer without a length: ${answer}`);
    while (this.#filled < end + 4 + length) await this.#more();
    const body = this.#buffer.slice(end + 4, end + 4 + length);
    return { status: Number(answer.slice(9, 12)), body };
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  async #more(): Promise<void> {
    const read = await this.#socket.read(this.#buffer.subarray(this.#filled));
    if (read === null) throw new Error("The connection ended");
    this.#filled += read;
  }
}
