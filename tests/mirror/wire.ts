import { concat } from "@std/bytes/concat";

/** The first lines of an HTTP/1.1 message (RFC 9112 §2). */
export interface Head {
  /** The request line or status line. */
  line: string;
  headers: Headers;
  /** As they came, with the empty line. */
  bytes: Uint8Array<ArrayBuffer>;
}

const READ_BYTES = 64 * 1024;
const LINE_END = new TextEncoder().encode("\r\n");
const HEAD_END = new TextEncoder().encode("\r\n\r\n");

/** Reads HTTP/1.1 messages off a connection, each byte of them as it came. */
export class Wire {
  readonly connection: Deno.TcpConn;
  #waiting = new Uint8Array();

  constructor(connection: Deno.TcpConn) {
    this.connection = connection;
    // Or a head waits for its body, 40 ms long (RFC 896).
    connection.setNoDelay();
  }

  /** The next message's head; `undefined` once the other side has nothing more to say. */
  async head(): Promise<Head | undefined> {
    const bytes = await this.#until(HEAD_END);
    if (bytes === undefined) return undefined;
    const [line, ...fields] = new TextDecoder().decode(bytes).trimEnd().split("\r\n");
    const headers = new Headers(fields.map((field): [string, string] => {
      const at = field.indexOf(":");
      return [field.slice(0, at), field.slice(at + 1).trim()];
    }));
    return { line: line!, headers, bytes };
  }

  /**
   * A body's bytes as they arrive, with the marks of its chunks (RFC 9112 §6.3).
   *
   * @throws {Error} if the connection ends within it.
   */
  async *body({ line, headers }: Head): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    if (headers.get("transfer-encoding") === "chunked") return yield* this.#chunks();
    const length = headers.get("content-length");
    if (length !== null) return yield* this.#exactly(Number(length));
    const bare = !line.startsWith("HTTP/") || /^\S+ (1\d\d|204|304)/.test(line);
    while (!bare) {
      if (this.#waiting.length === 0 && !await this.#fill()) return;
      yield this.#take(this.#waiting.length);
    }
  }

  /** The whole body. */
  async whole(head: Head): Promise<Uint8Array<ArrayBuffer>> {
    return concat(await Array.fromAsync(this.body(head)));
  }

  /** Writes all of it. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.connection.write(bytes.subarray(at));
  }

  close(): void {
    try {
      this.connection.close();
    } catch {
      // It is closed already.
    }
  }

  async *#chunks(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (;;) {
      const mark = await this.#until(LINE_END);
      if (mark === undefined) throw new Error("The connection ended between two chunks");
      yield mark;
      const size = parseInt(new TextDecoder().decode(mark), 16);
      yield* this.#exactly(size + LINE_END.length);
      if (size === 0) return;
    }
  }

  async *#exactly(length: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (let left = length; left > 0;) {
      if (this.#waiting.length === 0 && !await this.#fill()) {
        throw new Error(`The connection ended ${left} bytes too early`);
      }
      const piece = this.#take(Math.min(left, this.#waiting.length));
      left -= piece.length;
      yield piece;
    }
  }

  async #until(mark: Uint8Array): Promise<Uint8Array<ArrayBuffer> | undefined> {
    for (let from = 0;;) {
      const at = find(this.#waiting, mark, from);
      if (at >= 0) return this.#take(at + mark.length);
      from = Math.max(0, this.#waiting.length - mark.length);
      if (!await this.#fill()) return undefined;
    }
  }

  #take(length: number): Uint8Array<ArrayBuffer> {
    const piece = this.#waiting.slice(0, length);
    this.#waiting = this.#waiting.slice(length);
    return piece;
  }

  async #fill(): Promise<boolean> {
    const buffer = new Uint8Array(READ_BYTES);
    const count = await this.connection.read(buffer).catch(() => null);
    if (count === null) return false;
    this.#waiting = concat([this.#waiting, buffer.subarray(0, count)]);
    return true;
  }
}

/** Where `mark` starts in `bytes`; -1 if it doesn't. */
function find(bytes: Uint8Array, mark: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(mark[0]!, from); at >= 0; at = bytes.indexOf(mark[0]!, at + 1)) {
    if (at + mark.length > bytes.length) return -1;
    if (mark.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}
