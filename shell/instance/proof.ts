import { equalConstantTime, mintToken, proof } from "../process/token.ts";
import type { Running } from "./card.ts";

const PROOF_MS = 2_000;
/** Of a proof: longer is none. */
const MOST_BYTES = 256;

/** Whether the one who answers at a card's address has its secret, which isn't sent there. */
export async function provesItself({ url, token }: Running): Promise<boolean> {
  const nonce = mintToken().secret;
  const signal = AbortSignal.timeout(PROOF_MS);
  try {
    const answer = await fetch(`${url}alive?nonce=${nonce}`, { signal, redirect: "error" });
    const reader = answer.body!.getReader();
    const { value = new Uint8Array() } = await reader.read();
    await reader.cancel();
    const text = new TextDecoder().decode(value.subarray(0, MOST_BYTES));
    return equalConstantTime(text, proof(token, nonce));
  } catch {
    return false;
  }
}

/** Whether an address that an instance handed over lies below its own. */
export function isBelow({ url }: Running, address: string): boolean {
  const target = URL.parse(address);
  return target !== null && target.href.startsWith(url) && target.username === "";
}
