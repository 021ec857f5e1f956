import { equalConstantTime, proof } from "../process/token.ts";

/** Whom to ask for a proof of life. */
export interface AliveOptions {
  /** Of the sidecar, on 127.0.0.1. */
  readonly port: number;
  /** The secrets whose proof counts, read anew at each answer. */
  readonly secrets: () => readonly string[];
  readonly fetch?: typeof fetch;
}

const LONGEST_PROOF = 256;

/**
 * Asks the sidecar for the HMAC of a fresh nonce, so no other program on the port passes, and none
 * learns the token. Goes over a connection of its own that no request can keep busy.
 *
 * @returns the secret that the answer proves.
 * @throws {Error} what is wrong with the answer.
 */
export async function askAlive(options: AliveOptions, signal: AbortSignal): Promise<string> {
  const { port, secrets, fetch: ask = fetch } = options;
  using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  const nonce = crypto.randomUUID();
  const response = await ask(`http://127.0.0.1:${port}/-/alive?nonce=${nonce}`, {
    client,
    redirect: "error",
    signal,
  });
  const text = await shortText(response);
  if (response.status !== 200) throw new Error(`Wrong answer: status ${response.status}`);
  for (const secret of secrets()) {
    if (equalConstantTime(proof(secret, nonce), text)) return secret;
  }
  throw new Error("Wrong proof: another program may sit on the port");
}

/** The body as text; rejects if it is longer than any proof. */
async function shortText(response: Response): Promise<string> {
  let text = "";
  if (response.body === null) return text;
  for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.length > LONGEST_PROOF) throw new Error("Wrong answer: too long");
  }
  return text.trim();
}
