import { encodeBase64Url } from "@std/encoding/base64url";
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { generate } from "@std/uuid/v7";

/** An opaque bearer token: a public name and a secret. */
export interface Token {
  /** UUIDv7: names and dates the token, may be logged (RFC 9562 §8: a UUID is no capability). */
  readonly id: string;
  /** 32 random bytes as base64url, 43 characters; never logged. */
  readonly secret: string;
  /** `id.secret`, what stands after `Bearer `. */
  readonly text: string;
}

const encoder = new TextEncoder();

/** Makes a token: `UUIDv7 "." base64url(32 random bytes)` (RFC 9562 §5.7, RFC 4648 §5). */
export function mintToken(): Token {
  const id: string = generate();
  const secret = randomBytes(32).toString("base64url");
  return { id, secret, text: `${id}.${secret}` };
}

/** Whether two texts are equal, in a time that tells their lengths at most. */
export function equalConstantTime(a: string, b: string): boolean {
  const left = encoder.encode(a);
  const right = encoder.encode(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Hex HMAC-SHA256 of the nonce (RFC 2104), keyed with the secret's characters as ASCII bytes. */
export function proof(secret: string, nonce: string): string {
  return createHmac("sha256", secret).update(nonce).digest("hex");
}

/** So many random bytes, as text for addresses. */
export function randomText(bytes: number): string {
  return encodeBase64Url(crypto.getRandomValues(new Uint8Array(bytes)));
}
