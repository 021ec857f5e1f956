/** An answer as it came over the wire. */
export interface RawAnswer {
  /** 0 if the connection was closed without one. */
  status: number;
  text: string;
}

const encoder = new TextEncoder();

/** Sends request lines that `fetch` would put right first, and reads to the connection's end. */
export async function raw(port: number, lines: readonly string[]): Promise<RawAnswer> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(encoder.encode([...lines, "Connection: close", "", ""].join("\r\n")));
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(64 * 1024);
  let text = "";
  try {
    for (;;) {
      const size = await connection.read(buffer);
      if (size === null) break;
      text += decoder.decode(buffer.subarray(0, size), { stream: true });
    }
  } catch {
    // Reset: what came before counts.
  }
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text };
}
